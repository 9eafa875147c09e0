"""Lies about time: stale, early, endless, and times that are none."""

from datetime import timedelta

from saml import errors
from tests.simulators.saml_lie_kit import attribute, said, written

_SKEW = timedelta(seconds=60)
_BEYOND = _SKEW + timedelta(seconds=1)

_SPANS = {
    "not yet valid": said(errors.NotYetValid, not_before=_BEYOND),
    "no longer valid": said(errors.Expired, not_on_or_after=-_SKEW),
    "valid yesterday": said(errors.Expired, not_before=-timedelta(hours=25), not_on_or_after=-timedelta(hours=24)),
    "no NotBefore": said(errors.TimeMissing, not_before=None),
    "no NotOnOrAfter": said(errors.TimeMissing, not_on_or_after=None),
    "valid for days": said(errors.LifetimeTooLong, not_on_or_after=timedelta(hours=25)),
    "valid since long ago": said(errors.LifetimeTooLong, not_before=-timedelta(days=365)),
    "ends before it begins": said(
        errors.TimeInvalid, not_before=timedelta(seconds=30), not_on_or_after=-timedelta(seconds=30)
    ),
    "ends when it begins": said(errors.TimeInvalid, not_before=timedelta(), not_on_or_after=timedelta()),
    "confirmation ended": said(errors.Expired, confirmation_not_on_or_after=-_SKEW),
    "confirmation without end": said(errors.TimeMissing, confirmation_not_on_or_after=None),
    "confirmation with a beginning": said(errors.ConfirmationWrong, confirmation_not_before=-timedelta(seconds=5)),
    "issued in the future": said(errors.NotYetValid, issue_instant=_BEYOND),
    "issued long ago": said(errors.Expired, issue_instant=-timedelta(minutes=6, seconds=1)),
    "not issued": written(errors.XmlAttributeMissing, attribute("saml:Assertion", "IssueInstant", None)),
    "response issued in the future": said(errors.NotYetValid, response_issue_instant=_BEYOND),
    "response issued long ago": said(errors.Expired, response_issue_instant=-timedelta(hours=1)),
    "response not issued": written(errors.XmlAttributeMissing, attribute(".", "IssueInstant", None)),
    "signed in in the future": said(errors.NotYetValid, authn_instant=_BEYOND),
    "never signed in": written(errors.XmlAttributeMissing, attribute("//saml:AuthnStatement", "AuthnInstant", None)),
    "session ended": said(errors.Expired, session_not_on_or_after=-_SKEW),
}

_NO_TIMES = {
    "with an offset": "2026-01-01T12:05:00+00:00",
    "without a zone": "2026-01-01T12:05:00",
    "with a small z": "2026-01-01T12:05:00z",
    "with a blank for T": "2026-01-01 12:05:00Z",
    "without seconds": "2026-01-01T12:05Z",
    "with a comma": "2026-01-01T12:05:00,5Z",
    "with endless fractions": "2026-01-01T12:05:00." + "5" * 10_000 + "Z",
    "on no such day": "2026-02-30T12:05:00Z",
    "at hour 24": "2026-01-01T24:00:00Z",
    "at a leap second": "2026-01-01T12:05:60Z",
    "in other digits": "٢٠٢٦-01-01T12:05:00Z",
    "in year 0": "0000-01-01T12:05:00Z",
    "before Christ": "-2026-01-01T12:05:00Z",
    "in year 9999": "9999-12-31T23:59:59Z",
    "in year 12026": "12026-01-01T12:05:00Z",
    "as a number": "1767268800",
    "in blanks": " 2026-01-01T12:05:00Z ",
    "of nothing": "",
    "of words": "tomorrow",
}

TIMES = _SPANS | {f"time {how}": said(errors.TimeInvalid, not_on_or_after=value) for how, value in _NO_TIMES.items()}

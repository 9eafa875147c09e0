from pathlib import Path

import pytest

from broker.client.errors import ServiceTokenUnusable, SettingsInvalid
from broker.client.service_token import read_service_token
from broker.client.settings import ClientSettings, StoreKind, load_settings
from broker.sts.service_token import new_service_token_text

TOKEN_ID, TEXT = new_service_token_text()


def settings(tmp_path: Path, content: str = "", **environment: str) -> ClientSettings:
    file = tmp_path / "client.toml"
    file.write_text('url = "https://broker.example.com"\n' + content)
    return load_settings(environment=environment, file=file, state_folder=tmp_path)


def token_file(tmp_path: Path, text: str = TEXT.reveal() + "\n", mode: int = 0o600) -> Path:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_broker_and_the_client_agree_on_the_form(tmp_path: Path) -> None:
    found = settings(tmp_path, BROKER_TOKEN_FILE=str(token_file(tmp_path)))
    assert read_service_token(found) == (TOKEN_ID, TEXT)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440])
def test_a_group_may_read_it_as_clusters_mount_it(tmp_path: Path, mode: int) -> None:
    assert read_service_token(settings(tmp_path, BROKER_TOKEN_FILE=str(token_file(tmp_path, mode=mode))))


def test_what_everybody_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceTokenUnusable, match="0644") as refused:
        read_service_token(settings(tmp_path, BROKER_TOKEN_FILE=str(token_file(tmp_path, mode=0o644))))
    assert TEXT.reveal() not in refused.value.what


@pytest.mark.parametrize("text", ["", "wabst_short", TEXT.reveal() + "\n" + TEXT.reveal(), "wab1.k.x"])
def test_another_text_is_refused_unseen(tmp_path: Path, text: str) -> None:
    with pytest.raises(ServiceTokenUnusable, match="holds no service token") as refused:
        read_service_token(settings(tmp_path, BROKER_TOKEN_FILE=str(token_file(tmp_path, text))))
    assert not text or text not in refused.value.what


def test_a_new_token_in_the_file_is_taken_up(tmp_path: Path) -> None:
    found = settings(tmp_path, BROKER_TOKEN_FILE=str(token_file(tmp_path)))
    newer = new_service_token_text()
    token_file(tmp_path, newer[1].reveal())
    assert read_service_token(found) == newer


def test_the_environment_is_second_best(tmp_path: Path) -> None:
    found = settings(tmp_path, BROKER_TOKEN=TEXT.reveal())
    assert read_service_token(found) == (TOKEN_ID, TEXT)
    assert TEXT.reveal() not in repr(found)
    both = settings(
        tmp_path, BROKER_TOKEN=new_service_token_text()[1].reveal(), BROKER_TOKEN_FILE=str(token_file(tmp_path))
    )
    assert read_service_token(both) == (TOKEN_ID, TEXT)


def test_a_service_keeps_nothing_whatever_the_person_chose(tmp_path: Path) -> None:
    found = settings(tmp_path, 'credential_store = "file"', BROKER_TOKEN=TEXT.reveal())
    assert (found.is_service, found.store) == (True, StoreKind.NONE)
    assert not settings(tmp_path).is_service


def test_the_settings_file_holds_no_token(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="unknown key `token`"):
        settings(tmp_path, f'token = "{TEXT.reveal()}"')
    assert settings(tmp_path, f'token_file = "{token_file(tmp_path)}"').is_service


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="BROKER_TOKEN_FILE: there is no file"):
        settings(tmp_path, BROKER_TOKEN_FILE=str(tmp_path / "none"))

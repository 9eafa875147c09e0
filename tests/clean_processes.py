"""Processes that share no connection, lock or thread with the test: children of one that has only imported modules.

They need not import them again, which would take longer than what they do. A Python process has one such parent, so
what all tests need of it stands here.
"""

from multiprocessing import get_context

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.contract.test_store", "tests.integration.credentials.cut_off"])

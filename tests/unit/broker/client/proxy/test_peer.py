"""Whose connection it is, by the kernel's table."""

from broker.client.proxy.peer import tcp_owner

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1B57 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 25001 1 0000 100 0 0 10 0
   1: 0100007F:C350 0100007F:1B57 01 00000000:00000000 00:00000000 00000000  1001        0 25002 1 0000 100 0 0 10 0
   2: 0100007F:1B57 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 25003 1 0000 100 0 0 10 0
"""
LISTENER = ("127.0.0.1", 0x1B57)
CLIENT = ("127.0.0.1", 0xC350)


def test_the_owner_of_the_clients_end_is_told() -> None:
    assert tcp_owner(TABLE, CLIENT, LISTENER) == 1001


def test_our_own_end_is_not_mistaken_for_the_clients() -> None:
    assert tcp_owner(TABLE, LISTENER, CLIENT) == 1000


def test_a_client_with_an_ipv6_socket_is_told_by_its_table() -> None:
    mapped = "0000000000000000FFFF0000"
    table = TABLE.replace("0100007F", mapped + "0100007F")
    assert tcp_owner(table, CLIENT, LISTENER, mapped=mapped) == 1001
    assert tcp_owner(table, CLIENT, LISTENER) is None


def test_no_entry_means_nobody() -> None:
    assert tcp_owner(TABLE, ("127.0.0.1", 1), LISTENER) is None

"""Exercise 01-3: a line comes back when all of it has come."""


def test_a_piece_of_a_line_waits_for_its_end(client):
    client.send_raw(b"hel")
    assert client.receives_nothing(0.2)
    client.check(b"lo\nwor", b"hello\n")
    client.check(b"ld\n", b"world\n")


def test_many_lines_in_one_packet_all_come_back(client):
    lines = b"".join(b"line %d\n" % n for n in range(1000))
    client.check(lines, lines)


def test_a_line_may_come_one_byte_at_a_time(client):
    client.send_bytewise(b"one at a time")
    assert client.receives_nothing(0.1)
    client.check(b"\n", b"one at a time\n")


def test_what_has_no_newline_is_dropped_when_the_client_closes(client):
    client.send_raw(b"kept\ndropped")
    client.close_sending_side()
    received = client.read_to_end()
    assert received == b"kept\n"


def test_a_client_that_sends_32_kib_without_a_newline_is_closed(client):
    client.check_closed(b"x" * 32768, b"")


def test_a_line_that_just_fits_comes_back(client):
    line = b"x" * 32767 + b"\n"
    client.check(line, line)

"""Calls interop.v1.Probe with nats-py. Written from docs/wire.md alone: it tests that text as much as the server."""

import asyncio, base64, json, os, secrets, struct, time
import nats

PREFIX, SERVICE = "svc.interop.v1.Probe", "interop.v1.Probe"
OPEN, ACCEPT, REFUSED, CANCEL, TERMINAL, PING, PONG = 0x01, 0x04, 0x05, 0x09, 0x0A, 0x0B, 0x0C
TEXT = "kein Quäst: 100%\n"

def varint(number):
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)

def field(number, value):
    """Length-delimited from bytes, else a varint."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)

def fixed32(number, value):
    return varint(number << 3 | 5) + struct.pack("<I", value)

def read_varint(data, at):
    if data[at] < 0x80:
        return data[at], at + 1
    rest, end = read_varint(data, at + 1)
    return data[at] & 0x7F | rest << 7, end

def fields(data):
    """All fields: number to list of values."""
    out, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            value, at = read_varint(data, at)
        else:
            size, at = read_varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = data[at : at + size], at + size
        out.setdefault(key >> 3, []).append(value)
    return out

def pairs(values):
    """Meta and Detail: a string and bytes."""
    return [(entry.get(1, [b""])[0].decode(), entry.get(2, [b""])[0]) for entry in map(fields, values)]

def fnv(path):
    digest = 0x811C9DC5
    for byte in path.encode():
        digest = (digest ^ byte) * 0x01000193 % 2**32
    return digest

def frame(kind, header=b"", body=b"", version=1):
    return bytes([version, kind]) + varint(len(header)) + header + body

def opening(method, text="", timeout_us=5_000_000, named=None, flags=0, meta=(), sent_ms=0, accept_after_ms=0):
    header = field(1, timeout_us) + fixed32(2, sent_ms) + fixed32(3, fnv(f"/{SERVICE}/{named or method}"))
    header += field(9, accept_after_ms) + (field(12, flags) if flags else b"")
    header += b"".join(field(14, field(1, key.encode()) + field(2, value)) for key, value in meta)
    return frame(OPEN, header, field(1, text.encode()) if text else b"")

def split(payload):
    """Kind, header fields and body of a native frame."""
    size, at = read_varint(payload, 2)
    assert payload[0] == 1 and at + size <= len(payload), payload
    return payload[1], fields(payload[at : at + size]), payload[at + size :]

def check_details(details):
    [(type_url, value)] = pairs(details)
    assert type_url == "type.googleapis.com/google.rpc.ErrorInfo", type_url
    assert fields(value) == {1: [b"PROBE"], 2: [b"interop.example"]}, value

class Peer:
    inbox = f"_INBOX.{secrets.token_hex(12)}"

    async def native(self, method, payload, but_first=()):
        """Sends a frame and gives the one that comes for its token; `but_first` ones must not be answered."""
        for data in (*but_first, payload):
            reply = f"{self.inbox}.{secrets.token_hex(8)}"
            await self.nc.publish(f"{PREFIX}.{method}", data, reply=reply)
        message = await self.sub.next_msg(timeout=10)
        assert message.subject == reply, (message.subject, message.data, reply)
        return message if message.headers else split(message.data)

    async def refused(self, method, payload, reason):
        kind, header, body = await self.native(method, payload)
        assert (kind, header[1], body) == (REFUSED, [reason], b""), (kind, header, body)
        return header

    async def plain(self, method, payload=b"", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = await self.nc.request(f"{PREFIX}.{method}", payload, timeout=10, headers=headers or None)
        return {name.lower(): value for name, value in (reply.headers or {}).items()}, reply.data

    async def fails_plainly(self, code, method, payload=b"", **headers):
        headers, data = await self.plain(method, payload, **headers)
        assert (headers["nats-service-error-code"], data) == (str(code), b""), (headers, data)
        return headers

    async def native_example_of_the_text(self):
        header = field(1, 10_000_000) + fixed32(2, 1_994_041_344)
        header += fixed32(3, fnv("/greeter.v1.Greeter/SayHello"))
        wanted = "01010f0880ade2041500a8da761dfd13c1e30a03416461"
        assert frame(OPEN, header, field(1, b"Ada")).hex() == wanted

    async def native_success_with_metadata_and_trailers(self):
        meta = [("x-one", b"1"), ("x-one", b"2"), ("x-id-bin", b"\x00\xff\x0a"), ("other", b"no")]
        kind, header, body = await self.native("Echo", opening("Echo", "Ada", meta=meta))
        assert (kind, header.get(1), fields(body)) == (TERMINAL, None, {1: [b"Ada"]}), (kind, header, body)
        assert pairs(header[8]) == meta[:3], header
        assert sorted(pairs(header[9])) == [("t-count", b"3"), ("t-sum-bin", b"\x09")], header

    async def native_empty_body_is_an_empty_message(self):
        kind, header, body = await self.native("Echo", opening("Echo"))
        assert (kind, header.get(1), header.get(5), body) == (TERMINAL, None, None, b""), (header, body)

    async def native_error_with_details(self):
        kind, header, body = await self.native("Fail", opening("Fail", TEXT))
        assert (kind, header[1], header[6], body) == (TERMINAL, [5], [TEXT.encode()], b""), (kind, header, body)
        check_details(header[7])
        assert pairs(header[9]) == [("t-why", b"asked")], header

    async def native_deadline_at_the_server(self):
        kind, header, _ = await self.native("Wait", opening("Wait", timeout_us=100_000))
        assert (kind, header[1]) == (TERMINAL, [4]), (kind, header)

    async def native_accept_audit_and_cancel(self):
        kind, header, _ = await self.native("Wait", opening("Wait", timeout_us=20_000_000, accept_after_ms=25))
        assert kind == ACCEPT and header[4][0] & 0x02, (kind, header)
        handle, instance = header[1][0], header[2][0].decode()
        none, listed = b"\0", field(3, handle)
        ping = frame(PING, field(1, 100) + listed + field(4, none) + field(5, none) + field(6, none))
        kind, header, _ = await self.native(f"_i.{instance}.h", ping)
        assert (kind, header[1], header[3], header.get(7)) == (PONG, [instance.encode()], [handle], None), header
        await self.nc.publish(f"{PREFIX}._i.{instance}.s", frame(CANCEL, field(1, handle)))
        until = time.monotonic() + 10
        while header.get(7) != [handle]:
            assert time.monotonic() < until, f"it is still held: {header}"
            kind, header, _ = await self.native(f"_i.{instance}.h", ping)

    async def native_up_says_what_is_served(self):
        for method, serves in (("Echo", 1), ("NoSuchMethod", 2)):
            kind, header, _ = await self.native("_up", frame(PING, fixed32(2, fnv(f"/{SERVICE}/{method}"))))
            assert (kind, header[2], header[10][0] & 0x22) == (PONG, [serves], 0x22), (method, header)

    async def native_stale_is_refused(self):
        now_ms = int(time.time() * 1000)
        stale = opening("Echo", "Ada", timeout_us=1_000_000, sent_ms=(now_ms - 60_000) % 2**32)
        header = await self.refused("Echo", stale, 5)
        assert abs(header[4][0] - now_ms) < 60_000, header
        fresh = opening("Echo", "Ada", timeout_us=1_000_000, sent_ms=now_ms % 2**32)
        assert (await self.native("Echo", fresh))[0] == TERMINAL

    async def native_refusals(self):
        await self.refused("Echo", opening("Echo", named="Fail"), 4)
        await self.refused("Echo", frame(0x60), 2)
        await self.refused("Echo", opening("Echo", flags=1), 2)
        await self.refused("Echo", opening("Echo", "Ada")[:8], 3)
        await self.refused("Echo", frame(OPEN, field(1, b"text for a number")), 3)

    async def native_other_versions_are_told_ours(self):
        header = await self.refused("Echo", frame(OPEN, version=2), 1)
        assert header.get(5) == [b"\x01"], f"no field 5: {header}"

    async def native_frames_that_open_nothing_are_dropped(self):
        dropped = [frame(0xE0), frame(TERMINAL), frame(REFUSED), frame(0x83)]
        kind, _, _ = await self.native("Echo", opening("Echo", "Ada"), but_first=dropped)
        assert kind == TERMINAL

    async def native_no_responders(self):
        message = await self.native("NoSuchMethod", opening("NoSuchMethod"))
        assert (message.headers["Status"], message.data) == ("503", b""), message

    async def plain_protobuf(self):
        for kind in ({}, {"Content_Type": "application/protobuf"}, {"content_type": "application/x-protobuf"}):
            headers, data = await self.plain("Echo", field(1, b"Ada"), **kind)
            assert fields(data) == {1: [b"Ada"]} and "nats-service-error-code" not in headers, (headers, data)
            assert headers.get("content-type") == next(iter(kind.values()), None), headers
        headers, data = await self.plain("Echo")
        assert data == b"" and "nats-service-error-code" not in headers, (headers, data)

    async def plain_json(self):
        for kind in ("application/json", "Application/JSON; charset=utf-8"):
            headers, data = await self.plain("Echo", b'{"text":"Ada"}', Content_Type=kind)
            assert json.loads(data) == {"text": "Ada"} and headers["content-type"] == kind, (headers, data)

    async def plain_metadata_and_trailers(self):
        for padding in ("", "="):
            sent = {"X_One": "1", "x_id_bin": base64.b64encode(b"\x00\xff\x0a\x01\x02").decode().rstrip("=") + padding}
            headers, _ = await self.plain("Echo", field(1, b"Ada"), **sent)
            assert (headers["x-one"], headers["x-id-bin"]) == ("1", "AP8KAQI"), headers
            trailers = (headers["nats-rpc-trailer-t-count"], headers["nats-rpc-trailer-t-sum-bin"])
            assert trailers == ("2", "DA"), headers

    async def plain_error_headers(self):
        headers = await self.fails_plainly(5, "Fail", field(1, TEXT.encode()))
        assert headers["nats-service-error"] == "kein Qu%C3%A4st: 100%25%0A", headers
        assert headers["nats-rpc-trailer-t-why"] == "asked", headers
        details = headers["nats-rpc-details-bin"]
        status = fields(base64.b64decode(details + "=" * (-len(details) % 4)))
        assert (status[1], status[2]) == ([5], [TEXT.encode()]), status
        check_details(status[3])

    async def plain_timeout(self):
        await self.fails_plainly(4, "Wait", Nats_Rpc_Timeout="100")

    async def plain_mistakes(self):
        await self.fails_plainly(13, "Echo", Nats_Rpc_Timeout="soon")
        await self.fails_plainly(13, "Echo", x_id_bin="not base64!")
        await self.fails_plainly(12, "Echo", Content_Type="application/x-unheard-of")
        await self.fails_plainly(13, "Echo", b"{", Content_Type="application/json")

async def main():
    peer, passed, failed = Peer(), 0, 0
    peer.nc = await nats.connect(os.environ["NATS_URL"])
    peer.sub = await peer.nc.subscribe(f"{peer.inbox}.*")
    for name in [name for name in vars(Peer) if name.startswith(("native_", "plain_"))]:
        try:
            await getattr(peer, name)()
            passed, word = passed + 1, "ok"
        except Exception as error:
            failed, word = failed + 1, f"FAILED: {error!r}"
        print(f"{name}: {word}", flush=True)
    await peer.nc.close()
    print(f"{passed} passed, {failed} failed", flush=True)
    raise SystemExit(failed > 0)

asyncio.run(main())

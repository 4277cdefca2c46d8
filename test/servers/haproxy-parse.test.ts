// HAProxy's configuration: words and quotes, modes that are inherited, bind lines.
import { describe, expect, test } from "vitest";
import { bindsOf } from "../../src/servers/haproxy/binds.ts";
import { parseHaproxy, wordsOf } from "../../src/servers/haproxy/parse.ts";

const binds = (text: string) => bindsOf(parseHaproxy([{ path: "/etc/haproxy/haproxy.cfg", text }]));
const places = (address: string, rest = ""): readonly string[] =>
  binds(`frontend f\n bind ${address} ${rest}`).flatMap(({ addresses }) =>
    addresses.map(({ host, port }) => `${host} ${port}`),
  );

describe("HAProxy's configuration", () => {
  test.each([
    [" bind :993 ssl # theirs", ["bind", ":993", "ssl"]],
    ['crt "a b" c\\ d \'e"f\' g#h', ["crt", "a b", "c d", 'e"f', "g"]],
    ["", []],
    ["# x", []],
  ])("words of %s", (text, expected) => {
    expect(wordsOf(text).map((word) => word.text)).toEqual(expected);
  });

  test("places of words are those in the line, quotes among them", () => {
    const line = '\tbind :993 ssl crt "/etc/a b.pem" alpn imap';
    expect(wordsOf(line).map(({ start, end }) => line.slice(start, end))).toContain('"/etc/a b.pem"');
  });

  test.each([
    [":993", ["0.0.0.0 993"]],
    ["*:993,127.0.0.1:995", ["0.0.0.0 993", "127.0.0.1 995"]],
    [":::993", [":: 993", "0.0.0.0 993"]],
    ["[::]:993", [":: 993", "0.0.0.0 993"]],
    ["ipv6@:993", [":: 993"]],
    ["ipv4@192.0.2.1:993-994", ["192.0.2.1 993", "192.0.2.1 994"]],
    ["[2001:db8::1]:993", ["2001:db8::1 993"]],
    ["/run/x.sock", []],
    ["unix@/run/x:1", []],
    ["fd@3", []],
    ['"${ADDRESS}:993"', []],
  ])("addresses of %s", (address, expected) => {
    expect(places(address)).toEqual(expected);
  });

  test("v6only", () => {
    expect(places(":::993", "v6only ssl")).toEqual([":: 993"]);
  });

  test("a word that belongs to an option is no keyword", () => {
    const [bind] = binds("frontend f\n bind :993 name ssl alpn crt crt-list /l crt /c accept-proxy");
    expect(bind).toMatchObject({ ssl: false, acceptProxy: true });
    expect(bind?.certificates.map(({ keyword, value }) => `${keyword} ${value}`)).toEqual(["crt-list /l", "crt /c"]);
  });

  test("mode: its own, that of the defaults before it, that of the defaults it names", () => {
    const text = `defaults web\n mode http\ndefaults\n mode tcp\nfrontend a\n bind :1\nfrontend b from web\n bind :2\ndefaults\n timeout client 1s\nlisten c\n bind :3\n mode http\nfrontend d\n bind :4\nbackend e\n bind :5\n`;
    expect(binds(text).map(({ frontend, mode }) => `${frontend} ${mode}`)).toEqual([
      "a tcp",
      "b http",
      "c http",
      "d tcp",
    ]);
  });
});

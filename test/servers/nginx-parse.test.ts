// nginx's configuration as a tree: quotes, comments, scripts, places.
import { describe, expect, test } from "vitest";
import { placeOf } from "../../src/servers/nginx/listeners.ts";
import { type Directive, parseNginx } from "../../src/servers/nginx/parse.ts";

const shape = (directives: readonly Directive[]): unknown[] =>
  directives.map(({ name, args, children }) => [name, ...args, ...(children ? [shape(children)] : [])]);

describe("nginx's configuration", () => {
  test.each([
    ["listen 993 ssl;", [["listen", "993", "ssl"]]],
    ["# a; b\nuser www-data; # end", [["user", "www-data"]]],
    ['log_format x \'{"a": "$b"}\' "c;d";', [["log_format", "x", '{"a": "$b"}', "c;d"]]],
    ["map ${a}b $c { default 1; }", [["map", "${a}b", "$c", [["default", "1"]]]]],
    ['return "a\\"b" c\\;d;', [["return", 'a"b', "c;d"]]],
    ["mail{server{listen 25;}}", [["mail", [["server", [["listen", "25"]]]]]]],
    ["content_by_lua_block { if a then x = 'it' end { } } next 1;", [["next", "1"]]],
    ["a 1; } b 2;", [["a", "1"]]],
    ["a 1; b", [["a", "1"]]],
    ["", []],
  ])("%s", (text, expected) => {
    expect(shape(parseNginx("/etc/nginx/nginx.conf", text))).toEqual(expected);
  });

  test("places: line, and the very text", () => {
    const text = "mail {\n  # x\n  ssl_certificate\n    /a.pem; ssl_certificate_key /b.pem;\n}\n";
    const inside = parseNginx("/x", text)[0]?.children ?? [];
    expect(inside.map(({ line, start, end }) => [line, text.slice(start, end)])).toEqual([
      [3, "ssl_certificate\n    /a.pem;"],
      [4, "ssl_certificate_key /b.pem;"],
    ]);
  });

  test.each([
    ["993", { host: "*", ports: [993] }],
    ["[::]:993", { host: "[::]", ports: [993] }],
    ["mail.example.org:25", { host: "mail.example.org", ports: [25] }],
    ["*:993-995", { host: "*", ports: [993, 994, 995] }],
    ["*:995-993", { host: "*", ports: [] }],
    ["unix:/run/x:1", undefined],
    ["127.0.0.1", undefined],
  ])("listen %s", (text, expected) => {
    expect(placeOf(text)).toEqual(expected);
  });
});

// Exim's lists as its specification has them (6.21, 6.22), and what may be written into one.
import { describe, expect, it } from "vitest";
import { listItems } from "../../src/servers/exim/list.ts";
import { wantedFiles } from "../../src/servers/exim/macros.ts";

describe("lists", () => {
  it.each([
    ["", []],
    ["25 : 465:587", ["25", "465", "587"]],
    ["127.0.0.1 : ::::1", ["127.0.0.1", "::1"]],
    ["<; ::0 ; 0.0.0.0", ["::0", "0.0.0.0"]],
    ["<, a,,b, c", ["a,b", "c"]],
    [" : /etc/ssl/a.pem : ", ["/etc/ssl/a.pem"]],
  ])("%j", (text, items) => {
    expect(listItems(text)).toEqual(items);
  });

  it.each(["/srv/a:b", "/srv/$home", "/srv/a b", "/srv/#1", "/srv/{x}", "/srv/a\\b", "relative"])(
    "a folder that would mean something else in a list is refused: %s",
    (folder) => {
      const at = (file: string): string => `${folder}/live/ecdsa/${file}.pem`;
      const ecdsa = {
        privkey: at("privkey"),
        cert: at("cert"),
        chain: at("chain"),
        fullchain: at("fullchain"),
        combined: at("combined"),
      };
      expect(() => wantedFiles({ name: "a", names: ["a"], slots: { ecdsa } })).toThrow(
        "cannot be written into an Exim list",
      );
    },
  );
});

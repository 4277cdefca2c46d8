// Which group the keys of a certificate get: the one that its servers ask for, never two, and none taken from a server that could not be looked at.
import { describe, expect, it } from "vitest";
import { emptyState } from "../../src/domain/state.ts";
import type { FoundServers } from "../../src/usecases/entries.ts";
import { withKeyGroup } from "../../src/usecases/key-readers.ts";

const found = (groups: readonly (string | undefined)[], notes: FoundServers["notes"] = []): FoundServers => ({
  notes,
  servers: groups.map((group, index) => ({
    server: {} as FoundServers["servers"][number]["server"],
    listeners: [],
    installation: {
      server: "s",
      id: `s${index}`,
      version: "1",
      configDir: "/",
      running: true,
      ...(group === undefined ? {} : { keyGroup: group }),
    },
  })),
});
const state = emptyState("mail.example.org");
const given = { ...state, keyGroup: "Debian-exim" };
const passedOver = [{ check: "deploy-server", severity: "warning" as const, message: "exim is passed over" }];

describe("withKeyGroup", () => {
  it.each([
    ["servers that read keys as root", state, found([undefined, undefined]), undefined],
    ["one that does not", state, found([undefined, "Debian-exim"]), "Debian-exim"],
    ["it is gone", given, found([undefined]), undefined],
    ["it could not be looked at", given, found([undefined], passedOver), "Debian-exim"],
  ])("%s", (_what, before, servers, group) => {
    expect(withKeyGroup(before, servers).keyGroup).toBe(group);
  });

  it("settings that stay keep the group", () => {
    expect(withKeyGroup(given, found([]), true).keyGroup).toBe("Debian-exim");
  });

  it("two groups are refused", () => {
    expect(() => withKeyGroup(state, found(["Debian-exim", "cyrus"]))).toThrow(
      "s0 reads keys as the group Debian-exim and s1 as cyrus",
    );
  });
});

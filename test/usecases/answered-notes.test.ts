// Advice that another server of the host has answered is not given; and taking back says what is left, not every step.
import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import type { Change, Listener } from "../../src/servers/server.ts";
import { unanswered } from "../../src/usecases/answered-notes.ts";
import { netReverts } from "../../src/usecases/net-reverts.ts";

const note: Finding = { check: "submission-off", severity: "info", message: "Postfix offers no port" };
const other: Finding = { check: "own-certificate", severity: "info", message: "stays" };
const listener = (protocol: Listener["protocol"], port: number): Listener => ({
  protocol,
  mode: "implicit",
  port,
  address: "0.0.0.0",
  service: "x",
});
const found = (id: string, ...listeners: readonly Listener[]) => ({
  installation: { server: id, id, version: "1", configDir: "/etc", running: true },
  listeners,
});

describe("a port for sending mail", () => {
  const postfix = found("postfix", listener("smtp", 25));
  test("that HAProxy has is none that Postfix lacks", () => {
    const all = [postfix, found("haproxy", listener("imap", 993), listener("submission", 465))];
    expect(unanswered([note, other], "postfix", all)).toEqual([other]);
  });
  test("that nobody else has is missed", () => {
    expect(unanswered([note], "postfix", [postfix, found("haproxy", listener("imap", 993))])).toEqual([note]);
    // Its own 587 is what the note is about.
    expect(unanswered([note], "postfix", [found("postfix", listener("submission", 587))])).toEqual([note]);
  });
});

describe("what taking back comes to", () => {
  const parameter = (after: string, before?: string): Change => ({ kind: "parameter", parameter: "p", before, after });
  test("of one setting that was changed twice the last word counts, in its place", () => {
    const said: string[] = [];
    const tell = netReverts();
    tell(said, "postfix", parameter("c", "b"), "put back p = b");
    tell(said, "postfix", { kind: "file", path: "/x", content: "", mode: 0o644, before: undefined }, "removed /x");
    tell(said, "postfix-out", parameter("b"), "removed p");
    tell(said, "postfix", parameter("b"), "removed p");
    expect(said).toEqual(["postfix: removed /x", "postfix-out: removed p", "postfix: removed p"]);
  });
  test("lines are told one by one: the number of a line is no name", () => {
    const said: string[] = [];
    const tell = netReverts();
    const line = (after: string): Change => ({ kind: "line", path: "/x", line: 4, before: "a", after });
    tell(said, "nginx", line("b"), "put back /x line 4: a");
    tell(said, "nginx", line("c"), "put back /x line 4: a");
    expect(said.length).toBe(2);
  });
});

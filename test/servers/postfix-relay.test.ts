// Relaying by client certificate as Postfix's plan has it: what each service gets, and what a plan after it, or without the wish, says.
import { describe, expect, it, test } from "vitest";
import { id, relayPostfix, table } from "../fakes/relay-postfix.ts";
import { describeRevert } from "../../src/domain/describe-change.ts";
import type { RelayPlan } from "../../src/servers/postfix/relay.ts";
import { admitting, flatten } from "../../src/servers/postfix/restrictions.ts";

const mainCf = { smtpd_relay_restrictions: "permit_mynetworks permit_sasl_authenticated defer_unauth_destination" };
const stock = {
  smtpd_client_restrictions: "",
  smtpd_relay_restrictions: "",
  smtpd_recipient_restrictions: "permit_sasl_authenticated,reject",
};

const settings = ({ changes }: RelayPlan): readonly string[] =>
  changes.map((one) => (one.kind === "service-parameter" ? `${one.parameter}=${one.after ?? "(none)"}` : one.kind));

describe("a service", () => {
  test.each([
    [
      "Debian's own entry",
      stock,
      ["smtpd_recipient_restrictions=permit_sasl_authenticated,permit_tls_clientcerts,reject"],
    ],
    [
      "main.cf's list",
      {},
      [
        "smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,permit_tls_clientcerts,defer_unauth_destination",
      ],
    ],
    [
      "a list in braces, with a policy server",
      {
        smtpd_relay_restrictions: "",
        smtpd_recipient_restrictions:
          "check_policy_service { inet:127.0.0.1:10023, timeout=10s }, permit_sasl_authenticated, reject",
      },
      [
        "smtpd_recipient_restrictions=check_policy_service,{inet:127.0.0.1:10023,timeout=10s},permit_sasl_authenticated,permit_tls_clientcerts,reject",
      ],
    ],
    [
      "a parameter of its own",
      {
        smtpd_relay_restrictions: "$mua_relay",
        smtpd_client_restrictions: "${mua_relay}",
        smtpd_helo_restrictions: "",
      },
      [
        "smtpd_relay_restrictions=permit_tls_clientcerts,$mua_relay",
        "smtpd_client_restrictions=permit_tls_clientcerts,${mua_relay}",
      ],
    ],
  ])("%s: what it needs, once, and back to the byte", async (_what, own, lists) => {
    const host = relayPostfix(own, { ...mainCf, mua_relay: "permit_mynetworks, permit_sasl_authenticated, reject" });
    const before = host.masterCf();
    const plan = await host.plan();
    expect(settings(plan)).toEqual([`relay_clientcerts=${table}`, "smtpd_tls_ask_ccert=yes", ...lists]);
    expect(plan.changes.every((one) => one.kind === "service-parameter" && one.shared && one.relay)).toBe(true);
    expect(plan.notes).toMatchObject([{ check: "clients-relay", severity: "info" }]);
    expect(plan.notes[0]?.message).toContain(`at ${id} a client certificate counts where a login counts`);
    host.apply(plan);
    expect(await host.plan()).toEqual({ changes: [], notes: [] });
    const back = await host.plan("off");
    expect(describeRevert(back.changes.at(-1) ?? mistake(), true)).toContain(table);
    expect(back.notes[0]?.message).toBe(`Postfix: client certificates do not count any more at ${id}`);
    host.apply(back);
    expect([host.masterCf(), host.inForce()]).toEqual([before, []]);
    expect(await host.plan("off")).toEqual({ changes: [], notes: [] });
  });

  it("follows main.cf's list, the CA's name, and what is not needed any more", async () => {
    const host = relayPostfix({}, { ...mainCf, smtpd_tls_fingerprint_digest: "md5" });
    const before = host.masterCf();
    const first = await host.plan();
    const copy = "smtpd_relay_restrictions of main.cf: a copy holds there now, for passwords as well";
    expect(first.notes[0]?.hint).toContain(copy);
    expect(settings(first)).toContain("smtpd_tls_fingerprint_digest=sha256");
    host.apply(first);
    host.setMain({ smtpd_relay_restrictions: "permit_sasl_authenticated, reject" });
    const office = table.replace("default", "office");
    const plan = await host.plan(office);
    expect(plan.notes[0]?.hint).toContain(copy);
    expect(settings(plan)).toEqual([
      "smtpd_relay_restrictions=(none)",
      "smtpd_tls_fingerprint_digest=(none)",
      "relay_clientcerts=(none)",
      `relay_clientcerts=${office}`,
      "smtpd_relay_restrictions=permit_sasl_authenticated,permit_tls_clientcerts,reject",
    ]);
    host.apply(plan);
    expect(await host.plan(office)).toEqual({ changes: [], notes: [] });
    host.apply(await host.plan("off"));
    expect(host.masterCf()).toBe(before);
  });

  test.each([
    "reject_sender_login_mismatch",
    "reject_known_sender_login_mismatch",
    "reject_authenticated_sender_login_mismatch, reject_unauthenticated_sender_login_mismatch",
  ])("with %s says that an address with an owner takes a login", async (rule) => {
    const { changes, notes } = await relayPostfix(stock, {
      ...mainCf,
      smtpd_sender_restrictions: `${rule}, permit_sasl_authenticated, reject`,
    }).plan();
    expect(changes).toHaveLength(4);
    expect(notes).toHaveLength(1);
    expect(notes[0]?.message).toContain("an address that has an owner in smtpd_sender_login_maps, his own neither");
    expect(notes[0]?.message).toContain(rule.split(", ").at(-1));
  });

  it("without one says nothing of addresses, nor of copies where no list is one", async () => {
    const { notes } = await relayPostfix(stock, { ...mainCf, smtpd_sender_login_maps: "hash:/x" }).plan();
    expect(notes[0]?.hint).not.toContain("main.cf");
    expect(notes[0]?.message).not.toContain("owner");
  });

  it("where a person changed what mailcert had set keeps that, and loses the rest", async () => {
    const host = relayPostfix(stock, mainCf);
    host.apply(await host.plan());
    const theirs = "permit_tls_clientcerts,reject";
    host.set("smtpd_recipient_restrictions", theirs);
    expect(await host.plan()).toEqual({ changes: [], notes: [] });
    expect(settings(await host.plan("off"))).toEqual(["smtpd_tls_ask_ccert=(none)", "relay_clientcerts=(none)"]);
  });
});

describe("the host", () => {
  it("has nowhere to hand mail in", async () => {
    const { changes, notes } = await relayPostfix(stock, mainCf).plan(table, []);
    expect(changes).toEqual([]);
    expect(notes[0]?.message).toContain("no service is for people to hand in mail");
  });

  it("set by hand what is needed: it is theirs, and stays", async () => {
    const byHand = {
      relay_clientcerts: table,
      smtpd_tls_ask_ccert: "yes",
      smtpd_recipient_restrictions: "permit_sasl_authenticated,permit_tls_clientcerts,reject",
    };
    const host = relayPostfix({ ...stock, ...byHand }, mainCf);
    expect(await host.plan()).toEqual({ changes: [], notes: [] });
    expect(await host.plan("off")).toEqual({ changes: [], notes: [] });
  });

  it("is told of a copy of an entry that goes on to relay", async () => {
    const copy = "192.0.2.1:submission/inet";
    const host = relayPostfix(stock, mainCf, { [copy]: { ...stock, relay_clientcerts: table } });
    host.apply(await host.plan());
    const { notes } = await host.plan("off");
    expect(notes[0]).toMatchObject({
      check: "clients-relay-left",
      hint: expect.stringContaining(`postconf -PX ${copy}/`),
    });
    expect(notes[0]?.message).toContain(`the service ${copy} still names ${table}`);
  });

  it("is told of a copy whose table has gone, also when the log of changes was lost", async () => {
    const copy = "192.0.2.1:submission/inet";
    const host = relayPostfix(stock, mainCf, { [copy]: { ...stock, relay_clientcerts: table } });
    host.apply(await host.plan());
    const left = host.inForce().length;
    host.remove(table);
    // The deployment writes it again.
    expect(await host.plan()).toEqual({ changes: [], notes: [] });
    const { changes, notes } = await host.plan("off");
    expect(changes).toHaveLength(left);
    expect(notes.map(({ check }) => check)).toEqual(["clients-relay-left", "clients-relay"]);
    expect(notes[0]?.message).toContain(`the service ${copy} names ${table}, which is not there`);
    host.loseLog();
    const lost = await host.plan("off");
    expect(lost.changes).toEqual([]);
    expect(lost.notes.map(({ hint }) => hint)).toEqual(
      [id, copy].map((one) => `to end it: postconf -PX ${one}/relay_clientcerts && postfix reload`),
    );
    // Where another CA's is wanted.
    const other = await host.plan("texthash:/var/lib/mailcert/clients/office.map");
    expect(other.notes.map(({ message }) => /somebody else's|is not there/.exec(message)?.[0])).toEqual([
      "somebody else's",
      "is not there",
      "is not there",
    ]);
  });
});

describe("lists", () => {
  const lookup = (name: string): string => ({ a: "b, $c", c: "d ${e}", loop: "$loop x" })[name] ?? "";
  it("are flattened, and a loop ends", () => {
    expect(flatten("x,$a $(c)", lookup)).toEqual(["x", "b", "d", "d"]);
    expect(flatten("$loop", lookup).at(-1)).toBe("x");
  });
  it("no login, a certificate already", () => {
    expect(admitting("a", lookup)).toBe("none");
    expect(admitting("x", () => "permit_tls_clientcerts, reject")).toBe("there");
  });
});

const mistake = (): never => {
  throw new Error("no change");
};

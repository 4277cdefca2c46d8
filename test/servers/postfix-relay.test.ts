// Relaying by client certificate as Postfix's plan has it: what each service gets, what makes mailcert leave one alone, and what a plan after it, or without the wish, says.
import { describe, expect, it, test } from "vitest";
import { type Values, id, relayPostfix, table } from "../fakes/relay-postfix.ts";
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
    expect(settings(first)).toContain("smtpd_tls_fingerprint_digest=sha256");
    host.apply(first);
    host.setMain({ smtpd_relay_restrictions: "permit_sasl_authenticated, reject" });
    const office = table.replace("default", "office");
    const plan = await host.plan(office);
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

  it("that is told whose addresses are whose says what that means for a certificate", async () => {
    const { notes } = await relayPostfix(stock, {
      ...mainCf,
      smtpd_sender_login_maps: "hash:/etc/postfix/owners",
    }).plan();
    expect(notes[0]?.message).toContain("smtpd_sender_login_maps goes by logins");
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

describe("a service is left as it is, and told", () => {
  const own = (more: Values): Values => ({ ...stock, ...more });
  test.each([
    ["no TLS", own({ smtpd_tls_security_level: "none" }), mainCf, "it has no TLS"],
    ["no logins", own({ smtpd_sasl_auth_enable: "no" }), mainCf, "no login counts there (smtpd_sasl_auth_enable)"],
    ["main.cf's no", {}, { ...mainCf, smtpd_sasl_auth_enable: "no" }, "no login counts there (smtpd_sasl_auth_enable)"],
    [
      "its own table",
      own({ relay_clientcerts: "hash:/etc/postfix/certs" }),
      mainCf,
      "somebody else's: hash:/etc/postfix/certs",
    ],
    ["main.cf's own table", stock, { ...mainCf, relay_clientcerts: `${table} hash:/x` }, "somebody else's: hash:/x"],
    [
      "all of a CA",
      own({ smtpd_recipient_restrictions: "permit_tls_all_clientcerts,reject" }),
      mainCf,
      "revoked ones too",
    ],
    [
      "another fingerprint in use",
      own({ smtpd_tls_ask_ccert: "yes" }),
      { ...mainCf, smtpd_tls_fingerprint_digest: "sha1" },
      "by sha1, not sha256",
    ],
    ["judged by a map", own({ smtpd_client_restrictions: "check_ccert_access hash:/x" }), mainCf, "check_ccert_access"],
    ["no login", own({ smtpd_recipient_restrictions: "permit_mynetworks,reject" }), mainCf, "no login counts there"],
    [
      "a condition",
      own({ smtpd_recipient_restrictions: "${x?permit_sasl_authenticated},reject" }),
      mainCf,
      "in smtpd_recipient_restrictions yourself",
    ],
    [
      "behind a rule of a parameter",
      own({ smtpd_recipient_restrictions: "$mua" }),
      { ...mainCf, mua: "reject_non_fqdn_sender, permit_sasl_authenticated" },
      "behind permit_sasl_authenticated in mua yourself",
    ],
    [
      "white space in braces of braces",
      own({ smtpd_recipient_restrictions: "check_policy_service {inet:x, {a = b}}, permit_sasl_authenticated" }),
      mainCf,
      "in smtpd_recipient_restrictions yourself",
    ],
  ])("%s", async (_what, values, main, why) => {
    const host = relayPostfix(values, main);
    const { changes, notes } = await host.plan();
    expect(changes).toEqual([]);
    expect(notes).toMatchObject([{ check: "clients-relay-left", severity: "warning" }]);
    expect(notes[0]?.message).toContain(`the service ${id} `);
    expect(notes[0]?.message).toContain(why);
  });

  it("where an option could not be put back to the byte", async () => {
    const host = relayPostfix(stock, mainCf);
    host.rewrite((text) => text.replace("permit_sasl_authenticated,", "permit_sasl_authenticated,\n    "));
    const { changes, notes } = await host.plan();
    expect(changes).toEqual([]);
    expect(notes[0]?.message).toContain("its smtpd_recipient_restrictions stands in master.cf more than once");
  });

  it("and what mailcert had set there goes, once somebody's own rule stands there", async () => {
    const host = relayPostfix(stock, mainCf);
    const before = host.masterCf();
    host.apply(await host.plan());
    host.setMain({ ...mainCf, relay_clientcerts: "hash:/x" });
    const plan = await host.plan();
    expect(plan.notes.map(({ check }) => check)).toEqual(["clients-relay-left", "clients-relay"]);
    host.apply(plan);
    expect(host.masterCf()).toBe(before);
  });

  it("with TLS from the first byte there is TLS, whatever the level says", async () => {
    const host = relayPostfix({ ...stock, smtpd_tls_security_level: "none" }, mainCf);
    expect((await host.plan(table, [id], true)).changes).toHaveLength(3);
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

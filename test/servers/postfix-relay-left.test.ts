// What makes mailcert leave a service of Postfix as it is, where client certificates are to relay: each reason is told.
import { describe, expect, it, test } from "vitest";
import { type Values, id, relayPostfix, table } from "../fakes/relay-postfix.ts";

const mainCf = { smtpd_relay_restrictions: "permit_mynetworks permit_sasl_authenticated defer_unauth_destination" };
const stock = {
  smtpd_client_restrictions: "",
  smtpd_relay_restrictions: "",
  smtpd_recipient_restrictions: "permit_sasl_authenticated,reject",
};

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
    [
      "logins alone held to their addresses",
      own({ smtpd_sender_restrictions: "reject_authenticated_sender_login_mismatch,permit_sasl_authenticated,reject" }),
      mainCf,
      "could write any sender there",
    ],
    [
      "the same, and a rule for others where only logins do not come to it",
      own({
        smtpd_sender_restrictions:
          "reject_authenticated_sender_login_mismatch,permit_sasl_authenticated,reject_sender_login_mismatch",
      }),
      mainCf,
      "could write any sender there",
    ],
    [
      "the same in a class of a class",
      own({ smtpd_client_restrictions: "outer" }),
      {
        ...mainCf,
        smtpd_restriction_classes: "outer, inner",
        outer: "inner, outer",
        inner: "Reject_Authenticated_Sender_Login_Mismatch",
      },
      "could write any sender there",
    ],
    [
      "all of a CA, in a class",
      own({ smtpd_client_restrictions: "certs" }),
      { ...mainCf, smtpd_restriction_classes: "$more", more: "certs", certs: "permit_tls_all_clientcerts" },
      "revoked ones too",
    ],
    [
      "all of a CA, in a class that a table may name",
      own({ smtpd_client_restrictions: "check_client_access hash:/x" }),
      { ...mainCf, smtpd_restriction_classes: "certs", certs: "permit_tls_all_clientcerts" },
      "revoked ones too",
    ],
    [
      "all of a CA, in a condition",
      own({ smtpd_client_restrictions: "${x?{permit_tls_all_clientcerts}}" }),
      mainCf,
      "revoked ones too",
    ],
    [
      "judged by a map, in a parameter of a condition",
      own({ smtpd_client_restrictions: "${x?{$mua}}" }),
      { ...mainCf, mua: "check_ccert_access hash:/x" },
      "which check_ccert_access judges there",
    ],
    [
      "its own table, in a condition",
      own({ relay_clientcerts: "${x?{hash:/x}}" }),
      mainCf,
      "somebody else's: ${x?{hash:/x}}",
    ],
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

it("a class that nothing names is no reason to leave a service", async () => {
  const main = { ...mainCf, smtpd_restriction_classes: "certs", certs: "permit_tls_all_clientcerts" };
  expect((await relayPostfix(stock, main).plan()).changes).toHaveLength(3);
});

// What a program or a log says is found again in a pasted line, in any case, whole or in part; ordinary words find nothing.
import { describe, expect, test } from "vitest";
import { type Explanation, explainMessage } from "../../src/domain/explain.ts";
import { programMessages } from "../../src/domain/program-messages.ts";
import { serverMessages } from "../../src/domain/server-messages.ts";
import { explainDocument, explainText } from "../../src/reports/explain.ts";
import { explain } from "../../src/usecases/explain.ts";
import { complaints } from "../docs/schemas.ts";

const words = (found: readonly Explanation[]): readonly string[] =>
  found.map((one) => (one.kind === "message" ? `${one.words.server ?? "-"}: ${one.words.words}` : ""));

describe("lines as logs and programs have them", () => {
  test.each([
    [
      "Nov 22 dovecot: imap-login: Disconnected: TLS handshaking: SSL_accept() failed: error:0A00010B:SSL routines::wrong version number",
      "Dovecot: `SSL_accept() failed: ...wrong version number`",
    ],
    [
      "postfix/smtpd[99]: warning: key at index 1 in /etc/postfix/chain.pem does not match next certificate",
      "Postfix: `key at index 1 in ... does not match next certificate`",
    ],
    [
      "warning: TLS library problem: error:0A000418:SSL routines::tlsv1 alert unknown ca:../ssl/record/rec_layer_s3.c:1590:SSL alert number 48:",
      "Postfix: `TLS library problem: ...tlsv1 alert unknown ca`",
    ],
    ["wrong version number", "Dovecot: `SSL_accept() failed: ...wrong version number`"],
    [
      "Error code: sec_error_unknown_issuer",
      "-: `unable to get local issuer certificate`, `unable to verify the first certificate`, `SEC_ERROR_UNKNOWN_ISSUER`",
    ],
    ["Cannot verify server identity", 'iPhone, iPad, Mac: "Cannot Verify Server Identity"'],
    ["self signed certificate", "-: `self-signed certificate`, `DEPTH_ZERO_SELF_SIGNED_CERT`"],
  ])("%s", (line, expected) => {
    expect(words(explainMessage(line)).some((one) => one.endsWith(expected.replace(/^-: /, "")))).toBe(true);
  });

  test("a chain that ends in a self-signed root is not a certificate that signed itself", () => {
    const [first, ...others] = words(
      explainMessage("verify error:num=19:self-signed certificate in certificate chain (curl)"),
    );
    expect(first).toContain("in certificate chain");
    expect(others).toEqual([]);
  });
});

test("every message is found by its own words, with something to do that a terminal can show", () => {
  for (const message of [...programMessages, ...serverMessages]) {
    const literal = /`([^`]+)`|"([^"]+)"/.exec(message.words);
    const said = (literal?.[1] ?? literal?.[2] ?? message.words).replaceAll("...", " /etc/x ");
    const found = explainMessage(said);
    expect(words(found), said).toContain(`${message.server ?? "-"}: ${message.words}`);
    expect(JSON.stringify(found)).not.toMatch(/\]\(|\*\*/);
  }
});

test.each(["certificate", "SSL", "the", "", "hello world", "failed", "dovecot", "é ü"])(
  "%j says nothing in particular",
  (text) => {
    expect(explainMessage(text)).toEqual([]);
  },
);

test("asked in words of a shell, with or without quotes; told as text and as a document", () => {
  const found = explain(["hostname", "mismatch,", "certificate", "is", "not", "valid"]);
  expect(explain(["hostname mismatch, certificate is not valid"])).toEqual(found);
  expect(complaints(explainDocument("hostname mismatch", found))).toEqual([]);
  const text = explainText(found, 80);
  expect(text).toMatch(/^said: `hostname mismatch`,\s/);
  expect(text).toMatch(/\n {2}means: {6}The program was set to a name that the certificate does not have/);
  expect(text).toMatch(/\n {2}to do: {6}Set the program to one of the names/);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(explainText(explain(["lost connection after STARTTLS"]), 80)).toMatch(/^in the log of Postfix: /);
});

// A scripted LDAP server: answers StartTLS, a search of the root DSE and Unbind; its texts are BER, written as latin1.
import type { Mode } from "../../src/domain/entry-point.ts";
import { tags, writeElement } from "../../src/domain/der.ts";
import type { Behaviour, Script } from "./mail-server.ts";
import type { Texts } from "./server-texts.ts";

const text = (value: string, tag: number = tags.octetString): Buffer => writeElement(tag, Buffer.from(value));
const number = (value: number, tag: number = tags.integer): Buffer => writeElement(tag, Buffer.from([value]));

/** A whole LDAPMessage. */
export const ldapMessage = (id: number, operation: number, ...contents: readonly Uint8Array[]): string =>
  writeElement(tags.sequence, number(id), writeElement(operation, ...contents)).toString("latin1");

/** resultCode, matchedDN, diagnosticMessage. */
const result = (code: number, message: string): readonly Buffer[] => [number(code, 0x0a), text(""), text(message)];

export const startTlsResponse = (code: number, message = ""): string =>
  ldapMessage(1, 0x78, ...result(code, message), text("1.3.6.1.4.1.1466.20037", 0x8a));

export const noticeOfDisconnection = (code: number, message: string): string =>
  ldapMessage(0, 0x78, ...result(code, message), text("1.3.6.1.4.1.1466.20036", 0x8a));

const attribute = (type: string, ...values: readonly string[]): Buffer =>
  writeElement(tags.sequence, text(type), writeElement(tags.set, ...values.map((value) => text(value))));

export const searchDone = (code = 0): string => ldapMessage(2, 0x65, ...result(code, ""));

const texts: Texts = {
  greeting: "",
  capabilities: "",
  goAhead: startTlsResponse(0),
  inside:
    ldapMessage(
      2,
      0x64,
      text(""),
      writeElement(
        tags.sequence,
        attribute("supportedLDAPVersion", "3"),
        attribute("supportedExtension", "1.3.6.1.4.1.1466.20037", "1.3.6.1.4.1.4203.1.11.3"),
        attribute("supportedSASLMechanisms", "EXTERNAL", "PLAIN"),
      ),
    ) + searchDone(),
};

/** Our own client writes short lengths only. */
const message = (buffer: string): number => {
  const size =
    buffer.length < 2 ? 0 : buffer.charCodeAt(1) < 0x80 ? 2 + buffer.charCodeAt(1) : 3 + buffer.charCodeAt(2);
  return buffer.length >= size ? size : 0;
};

/** `greeting`, where it is given, is what the first request is answered with, before the server hangs up. */
export const ldapServer = (mode: Mode, behaviour: Behaviour): Script => {
  const { greeting, goAhead, inside } = { ...texts, ...behaviour };
  return async (talk) => {
    const send = (bytes: string): Promise<void> => talk.send(bytes, behaviour.cuts?.(bytes));
    if (mode === "implicit") await talk.startTls();
    for (;;) {
      const request = await talk.take(message);
      if (behaviour.greetDelayMs) await talk.sleep(behaviour.greetDelayMs);
      if (greeting !== "") {
        await send(greeting);
        break;
      }
      if (request.includes("1.3.6.1.4.1.1466.20037") && request.includes("\x77")) {
        await send(goAhead);
        // ENUMERATED 0: success.
        if (!goAhead.includes("\n\x01\x00")) continue;
        await talk.startTls();
      } else if (request.includes("objectClass")) await send(inside);
      else break;
    }
    talk.end();
  };
};

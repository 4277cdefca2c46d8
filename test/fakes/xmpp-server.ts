// A scripted XMPP server: a stream header and features for each stream that the client opens, in clear and again inside TLS.
import type { Mode } from "../../src/domain/entry-point.ts";
import type { Behaviour, Script } from "./mail-server.ts";
import type { Texts } from "./server-texts.ts";

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='mail.example.org' id='c2s-1' version='1.0'>";

const texts: Texts = {
  greeting: header,
  capabilities:
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
  goAhead: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  inside:
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
};

/** The whole opening tag (with the declaration before it), or the next tag. */
const nextTag = (buffer: string): number => {
  const from = buffer.startsWith("<?") ? buffer.indexOf("?>") + 2 : 0;
  return buffer.indexOf(">", from) + 1;
};

/** Ends with the stream, as real servers do after an error or a failure. */
export const xmppServer = (mode: Mode, behaviour: Behaviour): Script => {
  const { greeting, capabilities, goAhead, inside } = { ...texts, ...behaviour };
  return async (talk) => {
    let secure = mode === "implicit";
    const send = (text: string): Promise<void> => talk.send(text, behaviour.cuts?.(text));
    if (secure) await talk.startTls();
    for (;;) {
      const tag = await talk.take(nextTag);
      if (/^<\?xml.*<stream:stream /.test(tag)) {
        if (behaviour.greetDelayMs) await talk.sleep(behaviour.greetDelayMs);
        await send(greeting);
        if (greeting.includes("<stream:error>")) break;
        await send(secure ? inside : capabilities);
      } else if (tag.startsWith("<starttls")) {
        await send(goAhead);
        if (!goAhead.includes("<proceed")) break;
        await talk.startTls();
        secure = true;
      } else {
        await send("</stream:stream>");
        break;
      }
    }
    talk.end();
  };
};

// Local delivery (RFC 2033): SMTP's dialogue with LHLO; EHLO and HELO do not exist there.
import { usualPorts } from "../domain/usual-ports.ts";
import { smtpProtocol } from "./smtp-dialogue.ts";

export const lmtp = smtpProtocol({ summary: "local delivery (LMTP)", place: usualPorts.lmtp, hello: "LHLO" });

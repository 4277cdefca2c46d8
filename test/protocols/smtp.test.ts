// SMTP, submission and LMTP keep the contract of protocols.
import { protocolContract } from "../contract/protocol.ts";

const samples = {
  goAhead: "220 go\r\n",
  no: "502 5.5.1 nope\r\n",
  later: "454 4.7.0 later\r\n",
  withoutStartTls: { capabilities: "250-mail.example.org\r\n250 PIPELINING\r\n" },
  turnedAway: "554 5.7.1 nope\r\n",
};
protocolContract("smtp", samples);
protocolContract("submission", samples);
protocolContract("lmtp", samples);

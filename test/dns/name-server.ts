// A scripted name server on 127.0.0.1, UDP and TCP on one port.
import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, type Server, createServer } from "node:net";
import { type Answer, type DecodedPacket, type Packet, decode, encode } from "dns-packet";

export interface Reply {
  readonly answers?: readonly Answer[];
  /** Header bits besides QR. */
  readonly flags?: number;
  readonly rcode?: number;
  /** Cut off over UDP. */
  readonly truncated?: boolean;
  /** Bytes sent instead of, or before, the answer. */
  readonly strays?: readonly ((query: Buffer) => Buffer)[];
  /** Say nothing at all, over UDP. */
  readonly silent?: boolean;
  readonly overTcp?: (message: Buffer) => Buffer;
}

export interface Asked {
  readonly over: "udp" | "tcp";
  readonly packet: DecodedPacket;
}

export interface NameServerFake {
  readonly address: string;
  readonly port: number;
  readonly asked: Asked[];
  readonly stop: () => Promise<void>;
}

const responseBit = 1 << 15;
const truncatedBit = 1 << 9;

export const message = (query: Buffer, reply: Reply, change: Partial<Packet> = {}): Buffer => {
  const { id, questions } = decode(query);
  const flags = responseBit | (reply.flags ?? 0) | (reply.rcode ?? 0);
  return encode({
    type: "response",
    id: id ?? 0,
    flags,
    questions: questions ?? [],
    answers: [...(reply.answers ?? [])],
    ...change,
  });
};

/** The kernel gives a port that is free for TCP; for UDP it may be some client's at this moment: then another one. */
const listenOnBoth = async (tcp: Server, udp: Socket): Promise<number> => {
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const bound = await new Promise<boolean>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error);
    udp.once("error", failed).bind(port, "127.0.0.1", () => {
      udp.off("error", failed);
      resolve(true);
    });
  });
  if (bound) return port;
  tcp.close();
  await once(tcp, "close");
  return listenOnBoth(tcp, udp);
};

export const startNameServer = async (
  script: (question: { readonly name: string; readonly type: string }, count: number) => Reply,
): Promise<NameServerFake> => {
  const asked: Asked[] = [];
  const replyTo = (query: Buffer, over: Asked["over"]): Reply => {
    const packet = decode(query);
    asked.push({ over, packet });
    const [question] = packet.questions ?? [];
    return script({ name: question?.name ?? "", type: question?.type ?? "" }, asked.length);
  };
  const udp = createSocket("udp4");
  const tcp = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      const query = data.subarray(2);
      const reply = replyTo(query, "tcp");
      const answer = message(query, reply);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      const whole = Buffer.concat([length, answer]);
      socket.end(reply.overTcp ? reply.overTcp(whole) : whole);
    });
  });
  const port = await listenOnBoth(tcp, udp);
  udp.on("message", (query, from) => {
    const reply = replyTo(query, "udp");
    for (const stray of reply.strays ?? []) udp.send(stray(query), from.port, from.address);
    if (reply.silent) return;
    const whole = message(query, reply);
    const cut = message(query, { ...reply, flags: (reply.flags ?? 0) | truncatedBit });
    // Ends in the middle of its first record, as a real one may.
    udp.send(reply.truncated ? cut.subarray(0, cut.length - 5) : whole, from.port, from.address);
  });
  return {
    address: "127.0.0.1",
    port,
    asked,
    stop: async () => {
      udp.close();
      tcp.close();
      await once(tcp, "close");
    },
  };
};

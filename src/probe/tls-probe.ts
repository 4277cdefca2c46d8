// The probe: connects to one address, walks to where TLS may start, shakes hands, and writes down what it saw.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { socketPath } from "../domain/entry-point.ts";
import type { ClearDialogue, Observation, ProbeStage, SecureDialogue, TlsFacts } from "../domain/observation.ts";
import { protocols } from "../protocols/index.ts";
import type { DialogueOptions } from "../protocols/protocol.ts";
import { connect } from "./connect.ts";
import { openConversation } from "./conversation.ts";
import { deadline } from "./deadline.ts";
import { chainAsSent, handshake, renegotiate, tlsFacts } from "./handshake.ts";
import { handshakeStop, mute } from "./handshake-stop.ts";
import { lastWords } from "./last-words.ts";
import type { Probe, ProbeOptions } from "./probe.ts";
import { Stop, during } from "./stop.ts";
import { createTlsContexts, sendsLargeHello } from "./tls-context.ts";
import { isPlainText } from "./tls-words.ts";
import { type Recorder, createRecorder } from "./transcript.ts";

export interface ProbeParts {
  readonly now: () => Date;
  /** For tests; default: ask this Node. */
  readonly largeHello?: () => boolean;
}

/** What is known so far; an observation that ends early keeps it. */
interface Draft {
  local: boolean;
  clear?: ClearDialogue;
  secure?: SecureDialogue;
  tls?: TlsFacts;
  chain: readonly Buffer[];
  chainCut?: true;
  wrongMode?: boolean;
  renegotiates?: boolean | undefined;
  stop?: Stop;
  /** The handshake was cut off before the server said anything in TLS. */
  cutOff?: boolean;
  /** Bytes in clear went into the TLS engine, which does not tell them. */
  unread?: boolean;
  readonly recorder?: Recorder;
  /** Milliseconds since the connection. */
  connectedMs?: () => number;
  greetingMs?: number;
}

type Entry = Parameters<Probe>[0];

/** `::ffff:192.0.2.1` is 192.0.2.1. */
export const plainAddress = (address: string | undefined): string =>
  (address ?? "").replace(/^::ffff:/, "").replace(/%.*$/, "");

/** RFC 5321 §4.1.3: a host without a name greets with the literal of its address. */
const addressLiteral = (address: string): string => (address.includes(":") ? `[IPv6:${address}]` : `[${address}]`);

/** A unix socket has no address to be called by. */
export const ownName = (address: string): string => (address === "" ? "localhost" : addressLiteral(address));

/** Part of the budget that is kept for trying TLS on a port that should have greeted in clear. */
const reserve = (timeoutMs: number): number => Math.min(3000, timeoutMs / 4);

export const createProbe = ({ now, largeHello = sendsLargeHello }: ProbeParts): Probe => {
  const contexts = createTlsContexts();

  const attempt = async (
    entry: Entry,
    options: ProbeOptions,
    signal: AbortSignal,
    smallHello: boolean,
    listens = false,
  ): Promise<Draft> => {
    const draft: Draft = { local: false, chain: [], ...(options.transcript ? { recorder: createRecorder() } : {}) };
    let socket: Socket | undefined;
    let tls: TLSSocket | undefined;
    try {
      socket = await connect(entry.address, entry.port, signal);
      const connectedAt = now().getTime();
      draft.connectedMs = () => Math.max(0, now().getTime() - connectedAt);
      const local = plainAddress(socket.localAddress);
      draft.local = socketPath(entry) !== undefined || (local !== "" && local === plainAddress(socket.remoteAddress));
      const dialogueOptions = {
        host: entry.host,
        ehlo: options.ehlo || ownName(local),
        learn: (known: Partial<ClearDialogue>) => {
          draft.clear = { ...nothingSaid, ...draft.clear, ...known };
        },
      };
      if (entry.mode === "starttls") await walkToTls(entry, options, socket, signal, draft, dialogueOptions, listens);
      const before = socket.bytesRead;
      const sni = sniOf(entry, options);
      const upTo = options.renegotiate === true ? "TLSv1.2" : undefined;
      const context = contexts(options.anchors, { slot: options.slot, smallHello, upTo });
      const alpn = entry.mode === "implicit" ? protocols[entry.protocol].alpn : undefined;
      // A second, smaller ClientHello needs a share of the time.
      const patience =
        !smallHello && !options.once && largeHello() ? deadline(options.timeoutMs / 2, signal) : undefined;
      const result = await handshake(socket, { sni, context, alpn, signal: patience?.signal ?? signal });
      patience?.over();
      const received = socket.bytesRead - before;
      if (result.kind !== "done") {
        if (draft.wrongMode)
          throw result.kind === "failed" && isPlainText(result.code) ? late(options) : silence(entry);
        draft.cutOff = received === 0 && (result.kind === "reset" || result.kind === "timeout");
        if (result.kind === "failed" && isPlainText(result.code)) throw plainText(entry, draft, received);
        throw handshakeStop(result, entry, received);
      }
      tls = result.socket;
      draft.tls = { ...tlsFacts(tls, result.stapled), ...(smallHello ? { smallHelloOnly: true } : {}) };
      Object.assign(draft, chainAsSent(tls));
      if (draft.wrongMode) {
        throw new Stop(
          "greeting",
          "protocol",
          "the server says nothing in clear and answers TLS at once: clients that use STARTTLS hang",
        );
      }
      if (options.renegotiate === true) draft.renegotiates = await renegotiate(tls, signal);
      else if (options.dialogue === "full") {
        const inside = openConversation(tls, signal);
        draft.secure = await during(
          () => (entry.mode === "implicit" ? "greeting" : "starttls"),
          () => protocols[entry.protocol].inside(inside, entry.mode, dialogueOptions),
        );
        inside.detach();
        // Tickets come before the first word inside TLS.
        const earlyData = draft.tls.version === "TLSv1.3" ? result.earlyData() : undefined;
        if (earlyData !== undefined) draft.tls = { ...draft.tls, earlyData };
      }
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      draft.stop = error;
    } finally {
      const closed = leave(tls ?? socket);
      options.left?.(closed);
    }
    return draft;
  };

  return async (entry, options) => {
    options.signal?.throwIfAborted();
    const startedAt = now();
    const { signal, over } = deadline(options.timeoutMs, options.signal);
    try {
      let draft = await attempt(entry, options, signal, options.once?.smallHello === true);
      // Large ClientHellos are new: a server (or middlebox) that cannot take two segments resets, or says nothing.
      if (draft.cutOff && !options.once && !signal.aborted && largeHello())
        draft = await attempt(entry, options, signal, true);
      // What was said behind the go-ahead is lost: listened to before our own first word of TLS it says whether anybody means harm.
      if (draft.unread && !options.once && !signal.aborted) {
        const again = await attempt(entry, options, signal, false, true);
        if (again.stop?.reason === "injected" || again.stop?.stage === "handshake") draft = again;
      }
      options.signal?.throwIfAborted();
      return observationOf(entry, options, draft, startedAt, now());
    } finally {
      over();
    }
  };
};

/** A unix socket has no name that could be sent. */
const sniOf = (entry: Entry, { sni }: ProbeOptions): string | undefined => {
  if (sni === false) return undefined;
  return sni ?? (socketPath(entry) === undefined ? entry.host : undefined);
};

const nothingSaid: ClearDialogue = {
  greeting: "",
  capabilities: [],
  startTlsOffered: false,
  authInClear: [],
  injectedBytes: 0,
};

/** From the fresh connection to the go-ahead; marks `wrongMode` where the server waits for TLS instead of greeting. */
const walkToTls = async (
  entry: Entry,
  options: ProbeOptions,
  socket: Socket,
  signal: AbortSignal,
  draft: Draft,
  dialogueOptions: DialogueOptions,
  listens: boolean,
): Promise<void> => {
  const opened = openConversation(socket, signal);
  const conversation = draft.recorder?.listen(socket, opened) ?? opened;
  const protocol = protocols[entry.protocol];
  if (!protocol.clientFirst && !(await conversation.arrives(options.timeoutMs - reserve(options.timeoutMs)))) {
    if (signal.aborted) throw silence(entry);
    conversation.detach();
    draft.wrongMode = true;
    return;
  }
  if (draft.connectedMs) draft.greetingMs = draft.connectedMs();
  const stage = (): ProbeStage => (draft.clear ? "starttls" : "greeting");
  const outcome = await during(stage, () => protocol.startTls(conversation, dialogueOptions));
  draft.clear = outcome.dialogue;
  if (outcome.refused) {
    throw new Stop(outcome.refused.stage ?? "starttls", outcome.refused.reason, outcome.refused.message);
  }
  if (listens) await conversation.arrives(500);
  const rest = conversation.detach();
  if (rest.length === 0) return;
  const words = await lastWords(socket, rest, (bytes) => draft.recorder?.hear(bytes));
  if (words === undefined) throw injected(draft, rest.length);
  throw new Stop("handshake", "tls", `the server says go ahead and then cannot start TLS: "${words}"`);
};

/** Bytes after the go-ahead come from nobody who is protected (RFC 3207 §6): counted, never read. */
const injected = (draft: Draft, bytes: number): Stop => {
  draft.clear = { ...nothingSaid, ...draft.clear, injectedBytes: bytes };
  return new Stop("starttls", "injected", `${bytes} bytes in clear arrived after the go-ahead for TLS`);
};

const silence = (entry: Entry): Stop => new Stop("greeting", "timeout", mute(entry));

const late = ({ timeoutMs }: ProbeOptions): Stop =>
  new Stop(
    "greeting",
    "timeout",
    `the server greeted only after ${Math.round((timeoutMs - reserve(timeoutMs)) / 100) / 10} s; give it more time (--timeout)`,
  );

/** Plain text where TLS should be: another mode on an implicit port, an injection behind a go-ahead. */
const plainText = (entry: Entry, draft: Draft, received: number): Stop => {
  if (entry.mode === "starttls") {
    draft.unread = true;
    return injected(draft, Math.max(1, received));
  }
  draft.wrongMode = true;
  return new Stop("handshake", "protocol", "the server speaks in clear where TLS should start at once");
};

/** How long a closing connection may take, and how much may still come, before it is torn down. */
const lingerMs = 1000;
const lingerBytes = 64 * 1024;

/** close_notify and FIN, without waiting for the other side. Resolves when the connection is closed; nothing has to wait for it, and it keeps no process alive. */
export const leave = async (socket: Socket | undefined): Promise<void> => {
  if (!socket || socket.destroyed) return;
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined);
  socket.unref();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  // A server that goes on talking is not listened to: what it says is not kept, nor taken in without end.
  let rest = 0;
  socket.removeAllListeners("data").on("data", (part: Buffer) => {
    rest += part.length;
    if (rest > lingerBytes) socket.destroy();
  });
  socket.resume();
  socket.end();
  await closed;
};

const observationOf = (entry: Entry, options: ProbeOptions, draft: Draft, startedAt: Date, end: Date): Observation => {
  const { stop, local, chain, chainCut, clear, secure, tls, wrongMode, recorder, greetingMs, renegotiates } = draft;
  const sni = sniOf(entry, options);
  return {
    entry,
    address: entry.address,
    local,
    ...(sni === undefined || /:|^[\d.]+$/.test(sni) ? {} : { sni }),
    ...(greetingMs === undefined ? {} : { greetingMs }),
    ...(recorder ? { transcript: recorder.lines() } : {}),
    ...(clear ? { clear } : {}),
    ...(secure ? { secure } : {}),
    ...(tls ? { tls } : {}),
    ...(renegotiates === undefined ? {} : { renegotiates }),
    chain,
    ...(chainCut ? { chainCut } : {}),
    ...(stop ? { error: { stage: stop.stage, reason: stop.reason, message: stop.message } } : {}),
    ...(wrongMode && (tls || entry.mode === "implicit") ? { wrongMode } : {}),
    startedAt,
    durationMs: Math.max(0, end.getTime() - startedAt.getTime()),
  };
};

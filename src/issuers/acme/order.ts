// One order from its placing to the certificate (RFC 8555 §7.4), picked up where a killed run left it.
import { isIP } from "node:net";
import { readCertificate } from "../../domain/certificate.ts";
import type { KeyAlgorithm } from "../../domain/keys.ts";
import { Failure } from "../../domain/failure.ts";
import type { SubjectKey } from "../../domain/subject-key.ts";
import { isSpent } from "../../domain/validity.ts";
import { makeRequest } from "../../x509/request.ts";
import { type Account, accountFailure, isAccountProblem } from "./account.ts";
import { authorize } from "./authorize.ts";
import type { Spending } from "./budget-store.ts";
import { isAnothers } from "./chain.ts";
import { type DownloadOptions, type ReadChain, download } from "./download.ts";
import { type OrderIdentity, createOrderStore } from "./order-store.ts";
import { isNotOrdered, lostOrder, refuseSurplus, refuseUsed } from "./ordered.ts";
import { lookAgain } from "./passing.ts";
import { type Patience, poll } from "./poll.ts";
import { ProblemError, shortType } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import type { Provers } from "./provers.ts";
import { type Replacing, placeReplacing } from "./replaces.ts";
import { type Order, readOrder } from "./resources.ts";
import type { Reply } from "./transport.ts";
import { isRefusal, refusalsOf } from "./validation-failure.ts";
import { type Wishing, placeWishing } from "./wishes.ts";

export interface OrderOptions {
  readonly account: Account;
  readonly names: readonly string[];
  readonly key: SubjectKey;
  /** Its SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
  readonly algorithm: KeyAlgorithm;
  readonly wishing: Wishing;
  /** Common name at a chain's top, or `sha256:HEX` of a key in it. */
  readonly preferredChain?: string;
  /** SHA-256 of leaves that are kept already: an order of an earlier run that ended in one of them is done. Undefined: nothing is to be continued after success. */
  readonly staged?: readonly string[];
  readonly provers: Provers;
  readonly replacing?: Replacing;
  /** The CA asked for this renewal by now: where the order says what it replaces, no rate limit counts. */
  readonly exempt: boolean;
  readonly spending: Spending;
  readonly patience: Patience;
  readonly step: (what: string) => void;
}

/** RFC 8555 §7.1.3, RFC 8738 §3. */
const identifierOf = (name: string): { readonly type: "dns" | "ip"; readonly value: string } => ({
  type: isIP(name) === 0 ? "dns" : "ip",
  value: name,
});

/** Boulder: only inside the window that it gave. */
const isExempt = ({ exempt }: OrderOptions, { replaces }: Replacing): boolean => exempt && replaces !== undefined;

const look = ({ account }: OrderOptions, url: string): Promise<Reply> =>
  account.engine.api.apiRequest(url, null, [200]);

const lookAtOrder = (o: OrderOptions, url: string): Promise<Order> =>
  lookAgain(
    () => look(o, url),
    (reply) => readOrder(reply, url),
    o.patience,
  );

/** The order stands where its URL came through, even if what the CA said of it was lost on the way. */
const send = async (
  { account }: OrderOptions,
  payload: object,
): Promise<{ readonly url: string; readonly reply?: Reply }> => {
  try {
    const reply = await account.engine.api.createOrder(payload);
    const url = reply.headers.location;
    if (url !== undefined) return { url, reply };
  } catch (error) {
    const url = lostOrder(error);
    if (url === undefined) throw error;
    return { url };
  }
  throw new Failure("unavailable", "the CA took the order without saying its URL (RFC 8555 §7.4)", {
    facts: { code: "NOT_ACME" },
  });
};

/** `remember`: before anything else is done with it. */
const place = async (
  o: OrderOptions,
  extra: Replacing,
  remember: (url: string, exempt: boolean) => Promise<void>,
): Promise<Order> => {
  const { names, spending, step } = o;
  const exempt = isExempt(o, extra);
  await spending.refuse(names, exempt);
  const { url, reply } = await send(o, { identifiers: names.map(identifierOf), ...extra });
  await remember(url, exempt);
  await spending.ordered(names, exempt);
  step(`order ${url} placed for ${names.join(", ")}`);
  const order = reply === undefined || reply.data === "" ? undefined : readOrder(reply, url);
  return order ?? lookAtOrder(o, url);
};

/** An order that an earlier run left behind, as it stands now at the CA; undefined when it is good for nothing any more. */
const resume = async (o: OrderOptions, url: string): Promise<Order | undefined> => {
  try {
    const order = await lookAtOrder(o, url);
    const usable = ["pending", "ready", "processing", "valid"].includes(order.status);
    if (usable) o.step(`order ${url} of an earlier run is ${order.status}: continued`);
    return usable ? order : undefined;
  } catch (error) {
    if (!(error instanceof ProblemError) || isAccountProblem(error.problem)) throw error;
    const { status } = error.problem;
    // Expired and cleaned away at the CA. Anything else (rate limit, server error) is no reason to spend another order.
    if (status === 404 || status === 410 || shortType(error.problem) === "malformed") return undefined;
    throw error;
  }
};

/** Undefined while the order moves. */
const moved = (url: string, from: readonly string[]) => (reply: Reply) => {
  const order = readOrder(reply, url);
  return from.includes(order.status) ? undefined : order;
};

/** DER. */
const requestOf = async ({ key, algorithm, names }: OrderOptions): Promise<Buffer> =>
  key.request === undefined
    ? (await makeRequest({ privateKey: key.privateKey, algorithm, names })).der
    : key.request.der;

const finalize = async (o: OrderOptions, order: Order): Promise<Order> => {
  const der = await requestOf(o);
  const again = (): Promise<Reply> => look(o, order.url);
  const ask = (): Promise<Reply> =>
    o.account.engine.api.finalizeOrder(order.finalize, { csr: der.toString("base64url") });
  let reply: Reply;
  try {
    reply = await ask();
  } catch (error) {
    if (!(error instanceof ProblemError) || shortType(error.problem) !== "orderNotReady") throw error;
    // RFC 8555 §7.4: it has not seen its last authorization yet, or a request that broke off had been heard after all.
    const now = await poll("the order", again, moved(order.url, ["pending"]), o.patience);
    if (now.status !== "ready") return now;
    reply = await ask();
  }
  o.step("order finalized");
  return readOrder(reply, order.url);
};

const complete = async (o: OrderOptions, begun: Order): Promise<Order> => {
  let order = begun;
  if (order.status === "pending") {
    const { account, names, provers, patience, step } = o;
    await authorize({ engine: account.engine, order, names, provers, patience, step });
    order = { ...order, status: "ready" };
  }
  if (order.status === "ready") order = await finalize(o, order);
  if (order.status === "processing" || order.status === "ready") {
    const issued = moved(order.url, ["processing", "ready"]);
    order = await poll("issuing the certificate", () => look(o, order.url), issued, o.patience);
  }
  return order;
};

const explained = (error: unknown, { account, patience }: OrderOptions, doing: string): unknown => {
  if (!(error instanceof ProblemError)) return error;
  return isAccountProblem(error.problem)
    ? accountFailure(error.problem, account.folder, account.record)
    : problemFailure(error.problem, { doing, now: patience.now() });
};

/** What a valid order of an earlier run has for us; undefined where it is somebody else's (the CA gave one order for two keys, acme.md §2.3), kept already, or too old. */
const leftOver = async (o: OrderOptions & DownloadOptions, order: Order): Promise<ReadChain | undefined> => {
  try {
    const left = await download(o, order);
    const leaf = readCertificate(left.leaf);
    if (o.staged?.includes(leaf.sha256) === true) return undefined;
    if (!isSpent(leaf, o.patience.now())) return left;
    o.step(`order ${order.url} is given up: its certificate ends on ${leaf.notAfter.toISOString()}`);
    return undefined;
  } catch (error) {
    if (!isAnothers(error)) throw error;
    o.step(`order ${order.url} is given up: ${(error as Failure).message}`);
    return undefined;
  }
};

/** Where names were refused and there is another way to prove them, a new order goes that way: as many orders as ways at most. */
export const obtain = async (o: OrderOptions): Promise<{ leaf: string; chain: readonly string[] }> => {
  for (let refused: unknown; ;) {
    try {
      return await obtainOnce(o);
    } catch (error) {
      // Where that used up a limit of ours, what was refused is the reason to tell.
      const held = refused !== undefined && error instanceof Failure && error.facts?.["code"] === "BUDGET";
      if (!o.provers.again(error)) throw o.provers.explained(held ? refused : error);
      refused = error;
    }
  }
};

const obtainOnce = async (o: OrderOptions): Promise<{ leaf: string; chain: readonly string[] }> => {
  const { names, spki, wishing, account, patience } = o;
  const store = createOrderStore(account.folder);
  const identity: OrderIdentity = {
    names,
    spki,
    ...(wishing.wishes.profiles.length === 0 ? {} : { profile: wishing.wishes.profiles.join(" ") }),
  };
  const downloading = { ...o, unmet: wishing.unmet };
  const remember = (url: string, free: boolean): Promise<void> =>
    store.remember(identity, { url, placedAt: patience.now(), exempt: free });
  // Until it is staged, a run that is killed finds it again.
  const ended = async (issued: ReadChain): Promise<ReadChain> => {
    if (o.staged === undefined) await store.forget(identity);
    return issued;
  };
  let doing = "the CA would not take the order";
  let exempt = false;
  try {
    const known = await store.recall(identity, patience.now());
    exempt = known?.exempt === true;
    let order = known === undefined ? undefined : await resume(o, known.url);
    const resumed = order === undefined ? undefined : known?.placedAt;
    if (order?.status === "valid") {
      doing = "the CA would not hand out the certificate";
      const left = await leftOver(downloading, order);
      if (left !== undefined) {
        await o.spending.issued(names, exempt, resumed);
        return await ended(left);
      }
      // This is another time.
      order = undefined;
      doing = "the CA would not take the order";
    }
    if (order === undefined) {
      await store.forget(identity);
      const placeWith = (extra: Replacing): Promise<Order> => {
        exempt = isExempt(o, extra);
        return placeWishing((wish) => place(o, { ...wish, ...extra }, remember), wishing);
      };
      order = await placeReplacing(o.replacing ?? {}, placeWith, o.step);
      refuseUsed(order);
    }
    refuseSurplus(order, names);
    doing = "the CA would not go on with the order";
    const completed = await complete(o, order);
    if (completed.status === "invalid") {
      await store.forget(identity);
      const problem = completed.error ?? { type: "about:blank", detail: "no reason given", status: 0, subproblems: [] };
      throw problemFailure(problem, { doing: "the CA gave the order up", now: patience.now() });
    }
    // It counts at the CA from here on, whether it reaches us or not.
    if (completed.status === "valid")
      await o.spending.issued(names, exempt, order.url === known?.url ? resumed : undefined);
    doing = "the CA would not hand out the certificate";
    return await ended(await download(downloading, completed));
  } catch (error) {
    // RFC 8555 §7.1.6: a refused authorization ends its order.
    if (isRefusal(error) || isNotOrdered(error)) await store.forget(identity);
    // Those that failed on this host, expired or were withdrawn cost nothing: the CA did not look.
    const looked = refusalsOf(error).filter(({ why, status }) => why === undefined && status === "invalid");
    if (looked.length > 0) await o.spending.failed(looked.map(({ name }) => name));
    throw explained(error, o, doing);
  }
};

// One HTTPS request (HTTP on loopback): one deadline, a byte limit, no redirect followed, nothing kept open.
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM; in place of the public roots. */
  readonly ca?: string;
  /** Milliseconds from the name look-up to the last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const withCode = (code: string, message: string): NodeJS.ErrnoException => Object.assign(new Error(message), { code });

/** Rejects with the error of the connection, `ETIMEDOUT` or `TOO_LONG` in its `code`; with the signal's reason where that fired. */
export const exchangeHttp = (o: HttpRequest): Promise<HttpReply> =>
  new Promise((resolve, reject) => {
    const { url, method, signal } = o;
    const headers = o.body === undefined ? o.headers : { ...o.headers, "Content-Length": Buffer.byteLength(o.body) };
    // A connection of its own: one kept open may be closed by the other end just as it is used again.
    const options = { method, headers, signal, agent: false } as const;
    const call =
      url.protocol === "http:"
        ? httpRequest(url, options)
        : httpsRequest(url, { ...options, ...(o.ca === undefined ? {} : { ca: o.ca }) });
    const late = withCode("ETIMEDOUT", `no complete reply within ${o.timeoutMs / 1000} s`);
    const timer = setTimeout(() => call.destroy(late), o.timeoutMs);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject((signal.aborted ? signal.reason : error) as Error);
    };
    call.on("error", fail);
    call.on("response", (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size > o.maxBytes) call.destroy(withCode("TOO_LONG", `the reply is longer than ${o.maxBytes} bytes`));
        else parts.push(part);
      });
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString("utf8"),
        });
      });
    });
    call.end(o.body);
  });

// The HTTP under every fake of a DNS provider's API: JSON in and out on loopback, what was asked kept, and a way to misbehave.
import { once } from "node:events";
import { type IncomingHttpHeaders, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort } from "../../free-ports.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeApi {
  readonly url: string;
  readonly asked: Asked[];
  /** Instead of the API's own answer; undefined for that one, "silence" for none at all. */
  instead: ((asked: Asked) => Answer | "silence" | undefined) | undefined;
  readonly stop: () => Promise<void>;
}

/** What every fake has besides: the zone's state. */
export interface FakeProvider {
  readonly api: FakeApi;
  /** Values by name, without quotes. */
  readonly values: (name: string) => readonly string[];
}

const send = (response: ServerResponse, { status, body, headers = {} }: Answer): void => {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/html" : "application/json";
  response.writeHead(status, { "Content-Type": type, ...headers }).end(text);
};

export const startApi = async (answer: (asked: Asked) => Answer): Promise<FakeApi> => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
      const text = Buffer.concat(parts).toString();
      const one: Asked = {
        method: request.method ?? "",
        path: pathname,
        query: searchParams,
        headers: request.headers,
        body: text === "" ? undefined : (JSON.parse(text) as unknown),
      };
      asked.push(one);
      const other = api.instead?.(one);
      if (other !== "silence") send(response, other ?? answer(one));
    });
  });
  // Where nobody else comes to listen once it has stopped.
  server.listen(await freePort(), "127.0.0.1");
  await once(server, "listening");
  const api: FakeApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    instead: undefined,
    stop: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return api;
};

/** `"a" "b"` as the APIs with presentation format have it; anything else is refused by them. */
export const unquoted = (text: string): string | undefined =>
  /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1]?.replaceAll("\\", "");

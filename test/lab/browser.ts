// Chromium in a mail host without any network but its own, driven over its debugging pipe: pages as people see them, measured.
import type { MailHost } from "./mail-host.ts";

export interface LookOptions {
  /** CSS pixels; default 1200. */
  readonly width?: number;
  readonly height?: number;
  /** What the system prefers; default light. */
  readonly scheme?: "light" | "dark";
  readonly media?: "screen" | "print";
  /** What the browser says of itself and its system; default: what it is. */
  readonly agent?: Agent;
  /** `navigator.languages`, the preferred one first. */
  readonly languages?: string;
  /** Default true. */
  readonly scripts?: boolean;
  /** What stands behind the file in the URL: `#de`. */
  readonly fragment?: string;
}

export interface Agent {
  readonly userAgent: string;
  /** `navigator.platform` */
  readonly platform: string;
  /** `navigator.userAgentData.platform`; absent: none, as in Safari and Firefox. */
  readonly hinted?: string;
  /** `navigator.maxTouchPoints` */
  readonly touchPoints?: number;
}

export interface Page {
  /** Every URL that was asked for, the page's own first. */
  readonly requests: readonly string[];
  /** The value of an expression, evaluated in the page whatever its policy says. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** The whole page as PNG. */
  screenshot(): Promise<Buffer>;
  /** What a person sees without scrolling, as PNG. */
  look(): Promise<Buffer>;
  pdf(): Promise<Buffer>;
}

export interface Browser {
  /** `file`: absolute path in the host. */
  open(file: string, options?: LookOptions): Promise<Page>;
  /** Goes to a URL. @returns what went wrong in the browser's words (`net::ERR_...`); "": nothing. */
  visit(url: string): Promise<string>;
  close(): void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: { readonly request?: { readonly url: string } };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** The pipe's two ends are the program's own: 3 is read, 4 written; each message ends with NUL. */
const command =
  "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --user-data-dir=/tmp/browser --remote-debugging-pipe 3<&0 4>&1 </dev/null >/dev/null 2>/tmp/browser.log";

const deadlineMs = 60_000;

/** `home`: whose certificate store it reads. */
export const startBrowser = (host: Pick<MailHost, "spawn">, { home }: { readonly home?: string } = {}): Browser => {
  const child = host.spawn(home === undefined ? command : `export HOME=${home}; ${command}`);
  const waiting = new Map<
    number,
    { readonly resolve: (result: unknown) => void; readonly reject: (why: Error) => void }
  >();
  const listeners = new Set<(message: Message) => void>();
  let last = 0;
  let rest = "";
  const hear = (message: Message): void => {
    for (const listener of listeners) listener(message);
    if (message.id === undefined) return;
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) asked?.reject(new Error(message.error.message));
    else asked?.resolve(message.result);
  };
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    const [...messages] = `${rest}${part}`.split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) hear(JSON.parse(message) as Message);
  });
  child.stdin.on("error", () => undefined);
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the browser ended: see /tmp/browser.log"));
  });
  const send = <Result = unknown>(method: string, params: object = {}, sessionId?: string): Promise<Result> => {
    const id = (last += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), deadlineMs);
      const done =
        <Value>(end: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          end(value);
        };
      waiting.set(id, { resolve: done((result) => resolve(result as Result)), reject: done(reject) });
      child.stdin.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    });
  };

  const open: Browser["open"] = async (
    file,
    {
      width = 1200,
      height = 900,
      scheme = "light",
      media = "screen",
      agent,
      languages,
      scripts = true,
      fragment = "",
    } = {},
  ) => {
    const { targetId } = await send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const attached = await send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    const ask = <Result>(method: string, params: object = {}): Promise<Result> =>
      send<Result>(method, params, attached.sessionId);
    const requests: string[] = [];
    const loaded = new Promise<void>((resolve) => {
      listeners.add(({ method, sessionId, params }) => {
        if (sessionId !== attached.sessionId) return;
        if (method === "Network.requestWillBeSent" && params?.request) requests.push(params.request.url);
        if (method === "Page.loadEventFired") resolve();
      });
    });
    await Promise.all([ask("Page.enable"), ask("Network.enable")]);
    await ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await ask("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
    if (agent !== undefined || languages !== undefined) {
      const { userAgent = "Mozilla/5.0", platform = "Linux x86_64", hinted, touchPoints = 0 } = agent ?? {};
      const accept = languages === undefined ? {} : { acceptLanguage: languages };
      const hints = { platform: hinted ?? "", platformVersion: "", architecture: "", model: "", mobile: width < 600 };
      const metadata = hinted === undefined ? {} : { userAgentMetadata: hints };
      await ask("Emulation.setUserAgentOverride", { userAgent, platform, ...accept, ...metadata });
      if (touchPoints > 0)
        await ask("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: touchPoints });
    }
    if (!scripts) await ask("Emulation.setScriptExecutionDisabled", { value: true });
    await ask("Page.navigate", { url: `file://${file}${fragment}` });
    await loaded;
    const bytes = async (method: string, params: object): Promise<Buffer> =>
      Buffer.from((await ask<{ data: string }>(method, params)).data, "base64");
    return {
      requests,
      evaluate: async <Value>(expression: string) => {
        const answer = await ask<{ result: { value: Value }; exceptionDetails?: { text: string } }>(
          "Runtime.evaluate",
          {
            expression,
            returnByValue: true,
            awaitPromise: true,
          },
        );
        if (answer.exceptionDetails) throw new Error(`${answer.exceptionDetails.text}: ${expression.slice(0, 200)}`);
        return answer.result.value;
      },
      screenshot: () => bytes("Page.captureScreenshot", { format: "png", captureBeyondViewport: true }),
      look: () => bytes("Page.captureScreenshot", { format: "png" }),
      pdf: () => bytes("Page.printToPDF", { printBackground: true, preferCSSPageSize: true }),
    };
  };
  const visit: Browser["visit"] = async (url) => {
    const { targetId } = await send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    const { errorText = "" } = await send<{ errorText?: string }>("Page.navigate", { url }, sessionId);
    await send("Target.closeTarget", { targetId });
    return errorText;
  };
  return { open, visit, close: () => void child.kill("SIGTERM") };
};

// Looks of the whole verify at hostile servers, with what these tests ask of each: how much could be pushed, and that every report stays clean.
import { randomBytes } from "node:crypto";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createInjector } from "../../src/probe/injector.ts";
import { askMailInClear } from "../../src/probe/mail-asker.ts";
import { createProfiler } from "../../src/probe/profiler.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { canInject } from "../../src/protocols/index.ts";
import { type ReportFormat, verifyReports } from "../../src/reports/verify-reports.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { type VerifyRequest, verify } from "../../src/usecases/verify.ts";

const now = (): Date => new Date();

export const look = (
  port: number,
  protocol: ProtocolName,
  mode: Mode,
  more: Partial<VerifyRequest> = {},
): Promise<VerifyResult> =>
  verify(
    {
      now,
      probe: createProbe({ now }),
      resolve: async () => ["127.0.0.1"],
      further: { canInject, inject: createInjector(), mailInClear: askMailInClear },
      profile: createProfiler({ random: randomBytes }),
    },
    {
      wanted: [{ protocol, mode, host: "mail.example.org", address: "127.0.0.1", port, demanded: true }],
      anchors: [],
      timeoutMs: 20_000,
      ehlo: "verifier.example.net",
      ...more,
    },
  );

/** Raw bytes without end (or up to 256 MB), as fast as the other side takes them. */
export interface Flood {
  readonly port: number;
  /** Bytes that the kernel took; what it holds for a client that does not read is among them. */
  pushed(): number;
  /** Connections that are open still. */
  open(): number;
  close(): Promise<void>;
}

const most = 256 * 1024 * 1024;

/** After the client's first words where `waits`, and `first` before all else. */
export const startFlood = async (more: Buffer, first = "", waits = false): Promise<Flood> => {
  const sockets = new Set<Socket>();
  let pushed = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => undefined)
      .on("close", () => {
        pushed += socket.bytesWritten - socket.writableLength;
        sockets.delete(socket);
      });
    const push = (): void => {
      while (!socket.destroyed && socket.bytesWritten < most) if (!socket.write(more)) break;
    };
    const begin = (): void => {
      socket.write(Buffer.from(first, "latin1"));
      socket.on("drain", push);
      push();
    };
    if (waits) socket.once("data", begin);
    else begin();
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    pushed: () => pushed + [...sockets].reduce((sum, one) => sum + one.bytesWritten - one.writableLength, 0),
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const templates = createTemplates(join(import.meta.dirname, "../../templates"));
const terms = {
  text: { color: false, width: 80 },
  limits: "share",
  renderHtml: async (file: string, view: object) => templates(file, view as Readonly<Record<string, unknown>>, "html"),
} as const;

/** Each form of the report. */
export const reportsOf = async (result: VerifyResult): Promise<Readonly<Record<ReportFormat, string>>> => {
  const formats = Object.keys(verifyReports) as readonly ReportFormat[];
  const texts = await Promise.all(formats.map(async (format) => verifyReports[format](result, terms)));
  return Object.fromEntries(formats.map((format, index) => [format, texts[index]])) as Record<ReportFormat, string>;
};

/** No control character (C0 but line ends, DEL, C1, bidi) in any of them, JSON that is JSON, no markup of a stranger's. */
export const expectClean = async (result: VerifyResult): Promise<void> => {
  const { html, json, ndjson, ...others } = await reportsOf(result);
  for (const [format, text] of Object.entries({ html, ...others, json, ndjson })) {
    // eslint-disable-next-line no-control-regex
    expect(text, format).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/);
    expect(text.length, format).toBeLessThan(100_000);
  }
  JSON.parse(json);
  for (const line of ndjson.trim().split("\n")) JSON.parse(line);
  expect(html).not.toContain("<script>alert");
  expect(html).not.toContain("<img src=x");
  expect(others.junit).not.toContain("<script>");
};

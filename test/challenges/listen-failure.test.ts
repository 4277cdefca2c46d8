// What is said when the port of http-01 is taken or forbidden.
import { describe, expect, test } from "vitest";
import { listenFailure } from "../../src/challenges/listen-failure.ts";
import type { Failure } from "../../src/domain/failure.ts";

const error = (code: string): Error => Object.assign(new Error(code), { code });

describe("listenFailure", () => {
  test("a web server is asked to hand the requests on, with the block to add", () => {
    const failure = listenFailure(error("EADDRINUSE"), { port: 80 }, [
      { pid: 12, program: "nginx" },
      { pid: 13, program: "nginx" },
    ]) as Failure;
    expect(failure.message).toBe("cannot listen on port 80 for http-01: held by nginx (pids 12, 13)");
    expect(failure.hints).toEqual([
      "let nginx show the CA a folder, and name that folder: webroot: DIR (--webroot DIR): location /.well-known/acme-challenge/ { root DIR; }",
      'or let nginx hand the CA\'s requests on, then listen where it hands them to: http_address: "127.0.0.1:8402" (--http-address 127.0.0.1:8402): location /.well-known/acme-challenge/ { proxy_pass http://127.0.0.1:8402; }',
      "or stop nginx while the certificate is issued; each renewal needs that again, so a timer's run would fail",
    ]);
  });

  test("another program is to be stopped, or another address used", () => {
    const failure = listenFailure(error("EADDRINUSE"), { host: "::1", port: 80 }, [
      { pid: 7, program: "python3" },
    ]) as Failure;
    expect(failure.message).toBe("cannot listen on [::1]:80 for http-01: held by python3 (pid 7)");
    expect(failure.hints).toEqual([
      "if it is a web server, let it show the CA a folder, and name that folder: webroot: DIR (--webroot DIR)",
      'or let mailcert listen on another address or port that port 80 of the name is forwarded to: http_address: "ADDRESS:PORT" (--http-address ADDRESS:PORT)',
      "or stop python3 while the certificate is issued; each renewal needs that again, so a timer's run would fail",
    ]);
  });

  test("a web server that holds port 443 is no place for a token: over port 80 it is", () => {
    const failure = listenFailure(error("EADDRINUSE"), { port: 443 }, [{ pid: 7, program: "apache2" }], "tls-alpn-01");
    expect(failure).toMatchObject({ message: "cannot listen on port 443 for tls-alpn-01: held by apache2 (pid 7)" });
    expect((failure as Failure).hints[0]).toContain(
      "challenge: http-01 (--challenge http-01); where apache2 has that port",
    );
  });

  test("an unknown holder is said to be unknown", () => {
    const failure = listenFailure(error("EADDRINUSE"), { port: 80 }, []) as Failure;
    expect(failure.message).toContain("only root may see");
  });

  test("no right to listen there", () => {
    expect(listenFailure(error("EACCES"), { port: 80 }, [])).toMatchObject({
      kind: "no-permission",
      hints: ["run mailcert as root", expect.stringContaining("--http-address")],
    });
  });

  test("what is not expected is not made into a Failure", () => {
    const strange = error("EMFILE");
    expect(listenFailure(strange, { port: 80 }, [])).toBe(strange);
  });
});

// A rollback says when the next run would make it undone: the configuration still asks for the change, or what was gone back to is due.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { renew } from "../../src/usecases/renew.ts";
import { rollback, rollbackForeseen } from "../../src/usecases/rollback.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options = { replace: true, accept: async () => false };
const renewal = { ...options, force: false, newKey: false, named: false, dryRun: false };

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const served = async (of: CertificateConfig): Promise<void> => {
  await issue(fake.world, of);
  await deploy(fake.world, of, options);
};

const wider = certificate({ names: ["mail.example.org", "imap.example.org"] });

it("a further name: the plan and the result say that the next run issues it again, which it does", async () => {
  await served(certificate());
  await served(wider);
  const warning = {
    check: "rollback-undone",
    severity: "warning",
    message:
      "the next renewal run (mailcert renew, each hour by the timer) makes this undone: it issues a new certificate for mail.example.org and switches to it, for generation 1 is not what the configuration asks for (the names in the configuration changed)",
    hint: `take that change back in ${fake.world.config.path} before the next run: mailcert log mail.example.org shows it`,
  };
  expect(rollbackForeseen(fake.world, wider)).toEqual([warning]);
  expect((await rollback(fake.world, wider, options)).findings).toEqual([warning]);
  await renew(fake.world, [wider], renewal);
  expect(fake.world.store.liveNumber("mail.example.org")).toBe(3);
});

it("once the change is taken back, nothing: the next run leaves it, too", async () => {
  await served(certificate());
  await served(wider);
  expect(rollbackForeseen(fake.world, certificate())).toEqual([]);
  expect((await rollback(fake.world, certificate(), options)).findings).toEqual([]);
  await renew(fake.world, [certificate()], renewal);
  expect(fake.world.store.liveNumber("mail.example.org")).toBe(1);
});

it("the one before is due already: said, with what keeps runs away", async () => {
  await served(certificate());
  const [first] = fake.world.store.read("mail.example.org")?.generations ?? [];
  const end = new Date(first?.notAfter ?? "");
  fake.clock.now = new Date(end.getTime() - 20 * 86_400_000);
  await served(certificate());
  expect(rollbackForeseen(fake.world, certificate())).toMatchObject([
    { check: "rollback-undone", message: expect.stringContaining("is due for renewal") as string },
  ]);
});

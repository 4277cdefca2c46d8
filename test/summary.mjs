// Adds up what the steps of test/run.sh left in a folder (NAME.status, and NAME.json where vitest ran), prints `N passed, N failed`.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [folder = "."] = process.argv.slice(2);

/** A step without counts of its own is one test. A vitest run that fails although no test did (an error between tests, a file that
 *  cannot be loaded, the coverage floor) counts as one failure more; a skipped test proves nothing and is one too. */
const count = (name) => {
  const ok = readFileSync(join(folder, `${name}.status`), "utf8").trim() === "0";
  const report = join(folder, `${name}.json`);
  if (!existsSync(report)) return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, "utf8"));
  const skipped = numPendingTests + numTodoTests;
  if (skipped > 0) console.log(`${name}: ${skipped} skipped, which count as failed`);
  const failed = numFailedTests + skipped;
  return { passed: numPassedTests, failed: ok ? failed : Math.max(failed, 1) };
};

const steps = readdirSync(folder)
  .filter((file) => file.endsWith(".status"))
  .map((file) => count(file.slice(0, -".status".length)));
const passed = steps.reduce((sum, step) => sum + step.passed, 0);
const failed = steps.reduce((sum, step) => sum + step.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

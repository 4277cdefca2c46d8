#!/usr/bin/env node
// The real world (argv, env, streams, clock) handed to main; an old Node gets one sentence.
// CommonJS, as all that runs at start-up: Node begins ES modules later and loads them slower (docs/performance.md).
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`mailcert: error: Node ${process.versions.node} is too old: mailcert needs 20.19 or later\n`);
  process.exitCode = 78;
} else {
  void require("./host.js")
    .runHere()
    .then((status) => {
      // One that is set already: what was said could not be written.
      process.exitCode = status || process.exitCode;
    });
}

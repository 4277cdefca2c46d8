// Preloaded into one run of mailcert: counts the trust stores that it makes, and says at its end which files it loaded and how much memory it took (KiB).
const tls = require("node:tls");

let contexts = 0;
const { createSecureContext } = tls;
tls.createSecureContext = (options) => {
  // One that is only made to ask OpenSSL whether it knows something has no anchors.
  if (options?.ca !== undefined) contexts += 1;
  return createSecureContext(options);
};
process.once("exit", () => {
  const { maxRSS } = process.resourceUsage();
  process.stderr.write(`\nwatched:${JSON.stringify({ contexts, files: Object.keys(require.cache), maxRSS })}\n`);
});

// What the single executable runs: bin/mailcert.js without the question which Node it is.
const { runHere } = require("../host.js");

void runHere().then((status) => {
  // One that is set already: what was said could not be written.
  process.exitCode = status || process.exitCode;
});

// test/lab/mail-host.ts
import { spawn as spawn2 } from "node:child_process";
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { fileURLToPath as fileURLToPath2 } from "node:url";
import { createInterface } from "node:readline";

// test/lab/child.ts
import { spawn } from "node:child_process";
var maxOutput = 16 << 20;
var lingerMs = 500;
var killGroup = (pid) => {
  if (pid === void 0) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
  }
};
var collect = (stream) => {
  const parts = [];
  let size = 0;
  stream.on("data", (part) => {
    if (size < maxOutput) parts.push(part);
    size += part.length;
  });
  return () => Buffer.concat(parts).toString("utf8");
};
var runChild = (argv, options = {}) => new Promise((resolve, reject) => {
  const { timeoutMs = 6e4, input } = options;
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { env: { ...options.env }, cwd: "/", detached: true, stdio: "pipe" });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const deadline = setTimeout(() => {
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
    reject(new Error(`${argv.join(" ")} did not end within ${timeoutMs} ms
${stdout()}${stderr()}`));
  }, timeoutMs);
  const finish = (status, signal) => {
    clearTimeout(deadline);
    resolve({ status, signal, stdout: stdout(), stderr: stderr() });
  };
  child.on("error", (error) => {
    clearTimeout(deadline);
    reject(error);
  });
  child.on("close", finish);
  child.on("exit", (status, signal) => {
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
      finish(status, signal);
    }, lingerMs).unref();
  });
  child.stdin.on("error", () => void 0);
  child.stdin.end(input);
});

// test/lab/parts.ts
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
var names = ["bookworm", "trixie", "pebble", "node"];
var script = fileURLToPath(new URL("build.sh", import.meta.url));
var known;
var find = async () => {
  const { stdout } = await promisify(execFile)("bash", [script], { maxBuffer: 1 << 20 });
  const found = new Map(stdout.split("\n").map((line) => line.split("=", 2)));
  return Object.fromEntries(
    names.map((name) => {
      const path3 = found.get(name);
      if (path3 === void 0) throw new Error(`build.sh did not say where ${name} is:
${stdout}`);
      return [name, path3];
    })
  );
};
var labParts = () => known ??= find();

// test/lab/mail-host.ts
var checkout = fileURLToPath2(new URL("../..", import.meta.url));
var hostScript = fileURLToPath2(new URL("host.sh", import.meta.url));
var path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
var namespaces = ["--mount", "--uts", "--ipc", "--pid", "--root", "--wd"];
var startInit = async (options) => {
  const parts = await labParts();
  const node = options.suite === "bookworm" ? `${parts.node}/node` : "-";
  const fresh = "--net --mount --uts --ipc --pid --fork --kill-child --propagation unchanged".split(" ");
  const ipv6 = options.ipv6 === true ? "yes" : "no";
  const argv = [...fresh, "bash", hostScript, parts[options.suite], parts.pebble, node, ipv6];
  const child = spawn2("unshare", argv, { env: { PATH: path, LC_ALL: "C" }, stdio: "pipe", detached: true });
  let complaint = "";
  child.stderr.on("data", (part) => complaint = `${complaint}${part.toString()}`.slice(-4e3));
  const pid = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(Number(line.slice("ready ".length)));
    });
    child.on("error", reject);
    child.on("close", (status) => reject(new Error(`the mail host did not start (status ${status}): ${complaint}`)));
  });
  return { pid, process: child };
};
var stopInit = async ({ process: child }) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdin.destroy();
  const force = setTimeout(() => child.kill("SIGKILL"), 3e3);
  await ended;
  clearTimeout(force);
};
var isBuilt = () => existsSync(`${checkout}/dist`);
var installProgram = async (pid) => {
  for (const part of ["package.json", "bin", "dist", "templates"]) {
    await cp(`${checkout}/${part}`, `/proc/${pid}/root/opt/mailcert/${part}`, { recursive: true });
  }
};
var startMailHost = async (options) => {
  const init = await startInit(options);
  const argv = (net, command, { user }) => [
    "nsenter",
    `--target=${init.pid}`,
    ...namespaces,
    net,
    "--",
    ...user === void 0 ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"],
    ...typeof command === "string" ? ["sh", "-c", command] : command
  ];
  const env = (given) => ({
    PATH: path,
    HOME: given.user === void 0 ? "/root" : `/home/${given.user}`,
    LANG: "C.UTF-8",
    ...given.env
  });
  const ownNet = "--net";
  const clientNet = `--net=/proc/${init.pid}/root/run/netns/client`;
  const execIn = (net) => (command, given = {}) => runChild(argv(net, command, given), { ...given, env: env(given) });
  const spawnIn = (net) => (command, given = {}) => {
    const [program2 = "", ...args] = argv(net, command, given);
    return spawn2(program2, args, { env: env(given), cwd: "/", stdio: "pipe" });
  };
  const exec = execIn(ownNet);
  const must = async (command, given = {}) => {
    const { status, signal, stdout, stderr } = await exec(command, given);
    if (status === 0) return stdout;
    const line = typeof command === "string" ? command : command.join(" ");
    throw new Error(`${line}: ended with ${status ?? signal}
${stdout}${stderr}`.trimEnd());
  };
  const write = async (file, content, mode) => {
    const script2 = 'mkdir -p "$(dirname "$1")" && cat >"$1" && { [ -z "$2" ] || chmod "$2" "$1"; }';
    await must(["sh", "-c", script2, "write", file, mode ?? ""], { input: content });
  };
  const waitForPorts = async (ports) => {
    const script2 = 'for i in $(seq 200); do missing=; for port; do [ -n "$(ss -Hltn "sport = :$port")" ] || missing=$port; done; [ -n "$missing" ] || exit 0; sleep 0.05; done; echo "nothing listens on port $missing"; tail -n 20 /var/log/mail.log; exit 1';
    await must(["sh", "-c", script2, "wait", ...ports.map(String)]);
  };
  const start = async (service, ports) => {
    await must([`/etc/init.d/${service}`, "start"]);
    await waitForPorts(ports);
  };
  const program = (args) => {
    if (!isBuilt()) throw new Error("the program is not built: npm run build");
    return ["mailcert", ...args];
  };
  const host = {
    suite: options.suite,
    address: "192.0.2.10",
    clientAddress: "192.0.2.20",
    user: { name: "alice", password: "alice-secret" },
    pid: init.pid,
    exec,
    must,
    clientExec: execIn(clientNet),
    spawn: spawnIn(ownNet),
    clientSpawn: spawnIn(clientNet),
    write,
    read: (file) => must(["cat", "--", file]),
    startDovecot: (ports = [110, 143, 993, 995, 4190]) => start("dovecot", ports),
    startPostfix: (ports = [25]) => start("postfix", ports),
    mailcert: async (args, given) => exec(program(args), given),
    mailcertSpawn: (args, given) => spawnIn(ownNet)(program(args), given),
    log: () => must("cat /var/log/mail.log"),
    stop: () => stopInit(init)
  };
  const names2 = Object.entries(options.hosts ?? { "mail.example.org": host.address });
  const lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"];
  await write("/etc/hosts", [...lines, ...names2.map(([name, address]) => `${address} ${name}`), ""].join("\n"));
  if (isBuilt()) {
    await installProgram(init.pid);
    await must(
      "cd /opt/mailcert && chmod -R go-w . && chmod 755 bin/mailcert.js && ln -s /opt/mailcert/bin/mailcert.js /usr/local/bin/mailcert"
    );
  }
  return host;
};

// test/lab/pebble.ts
import { mkdtemp, rm as rm2 } from "node:fs/promises";
import { tmpdir } from "node:os";

// test/lab/pebble-place.ts
import { spawn as spawn3 } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
var follow = (child) => {
  let output = "";
  const keep = (part) => {
    output = (output + part.toString("utf8")).slice(-1e6);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      keep(Buffer.from(String(error)));
      resolve();
    });
  });
  return {
    output: () => output,
    ended: () => child.pid === void 0 || child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), 2e3);
      await ended;
      clearTimeout(force);
    }
  };
};
var freePorts = async (count) => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    })
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};
var requestHere = async (url, caFile, body) => {
  const ca = url.startsWith("https:") ? await readFile(caFile) : void 0;
  const request = ca ? httpsRequest : httpRequest;
  const headers = { "User-Agent": "mailcert-lab" };
  const method = body === void 0 ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ca, timeout: 5e3, agent: false }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (part) => text += part);
      reply.on("end", () => resolve({ status: reply.statusCode ?? 0, text }));
      reply.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`${url} did not answer`)));
    sent.on("error", reject);
    sent.end(body === void 0 ? void 0 : JSON.stringify(body));
  });
};
var path2 = process.env["PATH"] ?? "/usr/bin:/bin";
var loopbackPlace = async (folder) => {
  const programs = (await labParts()).pebble;
  const [httpPort = 0, tlsPort = 0] = await freePorts(2);
  return {
    folder,
    programs,
    httpPort,
    tlsPort,
    defaultAddress: "127.0.0.1",
    ports: () => freePorts(4),
    must: async (argv) => {
      const { status, stdout, stderr } = await runChild(argv, { env: { PATH: path2 } });
      if (status !== 0) throw new Error(`${argv[0]} ended with ${status}: ${stderr}`);
      return stdout;
    },
    write: (file, content) => writeFile(file, content),
    // Ends with this process, even when that is killed.
    spawn: (argv, env = {}) => follow(spawn3("setpriv", ["--pdeathsig", "KILL", "--", ...argv], { env: { PATH: path2, ...env }, stdio: "pipe" })),
    request: requestHere,
    clear: () => rm(folder, { recursive: true, force: true })
  };
};
var hostPlace = async (host) => {
  const folder = (await host.must("mktemp -d /tmp/pebble.XXXXXX && chmod 755 /tmp/pebble.*")).trim();
  return {
    folder,
    programs: "/opt/pebble",
    httpPort: 80,
    tlsPort: 443,
    defaultAddress: host.address,
    ports: async () => [14e3, 15e3, 8053, 8055],
    must: (argv) => host.must(argv),
    write: (file, content) => host.write(file, content),
    spawn: (argv, env = {}) => follow(host.spawn(argv, { env })),
    request: async (url, caFile, body) => {
      const posted = body === void 0 ? [] : ["--data-binary", JSON.stringify(body)];
      const argv = [
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "5",
        "--cacert",
        caFile,
        "--write-out",
        "\n%{http_code}"
      ];
      const answer = await host.must([...argv, ...posted, url]);
      const end = answer.lastIndexOf("\n");
      return { status: Number(answer.slice(end + 1)), text: answer.slice(0, end) };
    },
    clear: async () => {
      await host.exec(["rm", "-rf", folder]);
    }
  };
};

// test/lab/pebble.ts
var certify = async (place) => {
  const [cert, key] = [`${place.folder}/pebble.pem`, `${place.folder}/pebble.key`];
  const names2 = "subjectAltName=DNS:localhost,DNS:pebble,IP:127.0.0.1,IP:192.0.2.10";
  const request = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=pebble -addext ${names2}`;
  await place.must([...request.split(" "), "-keyout", key, "-out", cert]);
  return { cert, key };
};
var environment = (options) => ({
  PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 0),
  PEBBLE_AUTHZREUSE: String(options.authzReuse ?? 0),
  ...options.vaNoSleep === false ? {} : { PEBBLE_VA_NOSLEEP: "1" },
  ...options.vaSleepSeconds === void 0 ? {} : { PEBBLE_VA_SLEEPTIME: String(options.vaSleepSeconds) },
  ...options.vaAlwaysValid === true ? { PEBBLE_VA_ALWAYS_VALID: "1" } : {},
  ...options.alternateRoots === void 0 ? {} : { PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots) },
  ...options.chainLength === void 0 ? {} : { PEBBLE_CHAIN_LENGTH: String(options.chainLength) }
});
var startIn = async (place, options) => {
  const [acme, management, dns, dnsManagement] = (await place.ports()).map((port) => `127.0.0.1:${port}`);
  const [httpPort, tlsPort] = [options.httpPort ?? place.httpPort, options.tlsPort ?? place.tlsPort];
  const { cert, key } = await certify(place);
  const profiles = Object.entries(options.profiles ?? { default: 90 * 86400 }).map(([name, validityPeriod]) => [
    name,
    { description: `The profile ${name}`, validityPeriod }
  ]);
  const config = {
    listenAddress: acme,
    managementListenAddress: management,
    certificate: cert,
    privateKey: key,
    httpPort,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: options.externalAccountBinding !== void 0,
    externalAccountMACKeys: options.externalAccountBinding ?? {},
    domainBlocklist: options.domainBlocklist ?? [],
    retryAfter: options.retryAfter ?? { authz: 1, order: 1 },
    keyAlgorithm: "ecdsa",
    profiles: Object.fromEntries(profiles)
  };
  const configFile = `${place.folder}/pebble.json`;
  await place.write(configFile, JSON.stringify({ pebble: config }));
  const unused = ["-defaultIPv6", "-doh", "-http01", "-https01", "-tlsalpn01"].flatMap((flag) => [flag, ""]);
  const address = options.defaultAddress ?? place.defaultAddress;
  const listeners = ["-dnsserver", dns, "-management", dnsManagement];
  const resolver = place.spawn([
    `${place.programs}/pebble-challtestsrv`,
    ...unused,
    ...listeners,
    "-defaultIPv4",
    address
  ]);
  const pebble = place.spawn(
    [`${place.programs}/pebble`, "-config", configFile, "-dnsserver", dns, ...options.strict ? ["-strict"] : []],
    environment(options)
  );
  const stop = async () => {
    await Promise.all([pebble.stop(), resolver.stop()]);
    await place.clear();
  };
  const fetched = async (url, body) => {
    const { status, text } = await place.request(url, cert, body);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
    return text;
  };
  const directoryUrl = `https://${acme}/dir`;
  const managementUrl = `https://${management}`;
  const running = {
    directoryUrl,
    managementUrl,
    caFile: cert,
    httpPort,
    tlsPort,
    dnsServer: dns,
    root: (number = 0) => fetched(`${managementUrl}/roots/${number}`),
    dns: (command, body) => fetched(`http://${dnsManagement}/${command}`, body),
    manage: (path3, body) => fetched(`${managementUrl}${path3}`, body),
    log: () => pebble.output(),
    stop
  };
  const complaint = async () => {
    try {
      await fetched(directoryUrl);
      await running.dns("clear-request-history", { host: "lab", type: "dns" });
      return void 0;
    } catch (error) {
      const gone = [pebble, resolver].find((program) => program.ended());
      if (gone !== void 0) throw new Error(`Pebble did not start: ${gone.output()}`, { cause: error });
      return error;
    }
  };
  try {
    for (let attempt = 0, why = await complaint(); why !== void 0; attempt += 1, why = await complaint()) {
      if (attempt === 200) throw new Error(`Pebble does not answer: ${pebble.output()}`, { cause: why });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return running;
};
var startPebble = async (options = {}) => {
  if (options.host) return startIn(await hostPlace(options.host), options);
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(`${tmpdir()}/mailcert-pebble-`);
    try {
      return await startIn(await loopbackPlace(folder), options);
    } catch (error) {
      await rm2(folder, { recursive: true, force: true });
      if (attempt === 3 || !String(error).includes("address already in use")) throw error;
    }
  }
};

// ../../tmp/try.ts
var suite = process.argv[2];
console.time("up");
var p = await startPebble({ nonceReject: 5, profiles: { default: 7776e3, shortlived: 576e3 }, domainBlocklist: ["blocked.test"], externalAccountBinding: { "kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" } });
console.timeEnd("up");
console.log(p, (await p.root()).slice(0, 100), await p.dns("add-a", { host: "a.test.", addresses: ["192.0.2.1"] }), p.log());
await p.stop();
console.log(p.log());
var h = await startMailHost({ suite });
console.time("up");
var q = await startPebble({ host: h });
console.timeEnd("up");
console.log(q, (await q.root()).slice(0, 100), await h.exec(["curl", "-sS", "--cacert", q.caFile, q.directoryUrl]));
console.time("stop");
await q.stop();
console.log(await h.exec("ps ax | grep pebble; ls /tmp"));
await h.stop();
console.timeEnd("stop");

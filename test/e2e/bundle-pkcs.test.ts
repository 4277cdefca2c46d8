// PKCS#7, PKCS#12, Java's truststore and the signed profile in the programs that they are for: OpenSSL, NSS, GnuTLS, Java, Python's plistlib, a real Dovecot.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { java } from "../../src/bundles/java.ts";
import { type Form, writePkcs12 } from "../../src/bundles/pkcs12.ts";
import { material } from "../contract/bundle.ts";
import { issue, makePki } from "../fakes/pki.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { runPage } from "../lab/page.ts";

const jvm = "/usr/lib/jvm/java-21-openjdk-amd64/bin";
const folder = "/srv/mail";
const own = "/var/lib/mailcert/certificates/mail.example.org/live";

/** Connects as Java's own mail library does, by the key of one kind, and prints that kind and the server's greeting. */
const client = `import java.io.*;
import javax.net.ssl.*;
public class Imaps {
  public static void main(String[] args) throws Exception {
    SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("mail.example.org", 993);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(new String[] { "TLSv1.2" });
    parameters.setCipherSuites(new String[] { "TLS_ECDHE_" + args[0] + "_WITH_AES_256_GCM_SHA384" });
    socket.setSSLParameters(parameters);
    String line = new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
    System.out.println(socket.getSession().getPeerCertificates()[0].getPublicKey().getAlgorithm() + " " + line);
  }
}
`;

/** A line of a page with the paths of this host, and a program to be started. */
const asHere = (line: string): string =>
  line
    .replace(/^(?=java |keytool )/, `${jvm}/`)
    .replace("/path/", `${folder}/`)
    .replace(/ \.\.\.$/, " -cp /srv Imaps ECDSA");

const clientAuth = "1.3.6.1.5.5.7.3.2";

interface Document {
  readonly signer?: { readonly title: string; readonly sha256: string };
  readonly files: readonly { readonly path: string; readonly change: string; readonly signed?: boolean }[];
}

let host: MailHost;
const bundle = async (...args: readonly string[]): Promise<Document> => {
  const { status, stdout, stderr } = await host.mailcert(["bundle", "--json", ...args]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Document;
};
const profileOf = ({ files }: Document) => files.find(({ path }) => path === "ca.mobileconfig");

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", java: true });
  await host.startDovecot();
  const setup = ["setup", "mail.example.org", "--server", "dovecot", "--key", "ecdsa", "--key", "rsa"];
  const made = await host.mailcert([...setup, "--bundle", folder, "--schedule", "none"]);
  expect(made.status, made.stderr).toBe(0);
});
afterAll(() => host?.stop());

describe("Java", () => {
  const connect = (truststore: string, kind: "ECDSA" | "RSA") =>
    host.exec([
      `${jvm}/java`,
      "-cp",
      "/srv",
      `-Djavax.net.ssl.trustStore=${truststore}`,
      "-Djavax.net.ssl.trustStorePassword=changeit",
      "Imaps",
      kind,
    ]);

  beforeAll(async () => {
    await host.write("/srv/Imaps.java", client);
    const compiler = "org.eclipse.jdt.internal.compiler.batch.Main";
    await host.must(
      `${jvm}/java -cp /usr/share/java/eclipse-jdt-core-compiler-batch.jar ${compiler} -17 -d /srv /srv/Imaps.java`,
    );
    // What Java has without us: roots of the public.
    const [root] = (await host.must("ls /usr/share/ca-certificates/mozilla")).split("\n");
    await host.must(
      `${jvm}/keytool -importcert -noprompt -keystore /srv/public.p12 -storepass changeit -file /usr/share/ca-certificates/mozilla/${root}`,
    );
  });

  it.each([
    ["ECDSA", "EC"],
    ["RSA", "RSA"],
  ] as const)("connects to Dovecot's %s certificate with the truststore, and not without", async (kind, key) => {
    const trusted = await connect(`${folder}/truststore.p12`, kind);
    expect(trusted.stdout, trusted.stderr).toMatch(new RegExp(`^${key} \\* OK .*Dovecot`));
    const without = await connect("/srv/public.p12", kind);
    expect(without.status).not.toBe(0);
    expect(without.stderr).toContain("PKIX path building failed");
  });

  it("the page's commands: a truststore for one program, the root added to the runtime's own, and taken out", async () => {
    // As Debian's package makes it.
    await host.must("install -D -m 644 /srv/public.p12 /etc/ssl/certs/java/cacerts");
    const printed = await runPage(host, "clients/java.md", { where: folder, instead: asHere, input: "yes\n" });
    const [started, added, , listed, removed] = [...printed.values()];
    expect(started).toMatch(/^EC \* OK .*Dovecot/);
    expect(added).toContain("Certificate was added to keystore");
    expect(listed).toContain("mail, ");
    expect(listed).toContain("trustedCertEntry");
    expect(removed).not.toContain("error");
    const { stdout } = await host.exec(`${jvm}/keytool -list -cacerts -storepass changeit -alias mail`);
    expect(stdout).toContain("does not exist");
  });

  it("keytool lists every root of a rotated CA as trusted, though they have one name", async () => {
    const older = await issue({ subject: "CN=Test Root", ca: true, key: "RSA-2048" });
    const { material: given } = await material("private-ca");
    const [file] = java({ ...given, olderRoots: [older.pem] }, () => "");
    await host.write("/srv/two.p12", file?.content ?? "");
    for (const [path, count] of [
      [`${folder}/truststore.p12`, 1],
      ["/srv/two.p12", 2],
    ] as const) {
      const said = await host.must(`${jvm}/keytool -list -keystore ${path} -storepass changeit`);
      expect(said.match(/trustedCertEntry/g)).toHaveLength(count);
      const nss = await host.must(`pk12util -l ${path} -W changeit`);
      expect(nss.match(/^Certificate/gm)).toHaveLength(count);
      const gnutls = await host.must(`certtool --p12-info --inder --infile ${path} --password changeit 2>&1`);
      expect(gnutls.match(/BEGIN CERTIFICATE/g)).toHaveLength(count);
      expect(nss + gnutls).not.toMatch(/^Key\(|PRIVATE KEY/m);
      expect(said).not.toContain("PrivateKeyEntry");
    }
  });
});

it("PKCS#7: OpenSSL, GnuTLS and Java read the root in it", async () => {
  const fingerprint = (await host.must(`openssl x509 -in ${folder}/ca.crt -noout -fingerprint -sha256`)).trim();
  const printed = await host.must(
    `openssl pkcs7 -inform DER -in ${folder}/ca.p7b -print_certs | openssl x509 -noout -fingerprint -sha256`,
  );
  expect(printed.trim()).toBe(fingerprint);
  expect(await host.must(`${jvm}/keytool -printcert -file ${folder}/ca.p7b`)).toContain(fingerprint.split("=")[1]);
  expect(await host.must(`certtool --p7-info --inder --infile ${folder}/ca.p7b`)).toContain(
    "Number of certificates: 1",
  );
});

describe.each(["compatible", "modern"] as const)("an identity in the %s form", (form: Form) => {
  it.each(["P-256", "RSA-2048"] as const)("of a %s key is read by OpenSSL, NSS, GnuTLS and Java", async (key) => {
    const pki = await makePki();
    const leaf = await issue({ subject: "CN=alice@example.org", by: pki.root, key, eku: [clientAuth] });
    const password = "Trout-lamp-42";
    const of = { leaf: leaf.pem, chain: [pki.root.pem], password, friendlyName: "alice", form };
    const [p12, secret, nss] = ["/srv/alice.p12", "/srv/password", "/srv/nss"];
    await host.write(p12, writePkcs12({ ...of, key: leaf.privateKey, random: randomBytes }), "600");
    await host.write(secret, password, "600");
    const opened = await host.must(`openssl pkcs12 -in ${p12} -passin file:${secret} -nodes -info 2>&1`);
    expect(opened).toContain(form === "modern" ? "AES-256-CBC" : "3-KeyTripleDES-CBC");
    expect(opened).toMatch(/BEGIN PRIVATE KEY/);
    await host.must(`rm -rf ${nss} && mkdir ${nss} && certutil -N -d sql:${nss} --empty-password`);
    await host.must(`pk12util -i ${p12} -d sql:${nss} -w ${secret} -K ""`);
    expect(await host.must(`certutil -K -d sql:${nss}`)).toMatch(/(?:ec|rsa) +[0-9a-f]{40} +.*alice/);
    // Once the root that came along is trusted, the identity is good for logging in.
    await host.must(["certutil", "-M", "-d", `sql:${nss}`, "-n", "Test Root", "-t", "CT,,"]);
    expect(await host.must(`certutil -V -d sql:${nss} -n alice -u C`)).toContain("certificate is valid");
    const gnutls = await host.must(`certtool --p12-info --inder --infile ${p12} --password "$(cat ${secret})" 2>&1`);
    expect(gnutls.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(gnutls).toMatch(/BEGIN (?:ENCRYPTED )?PRIVATE KEY/);
    const listed = await host.must(`${jvm}/keytool -list -keystore ${p12} -storetype PKCS12 -storepass:file ${secret}`);
    expect(listed).toMatch(/alice, .*PrivateKeyEntry/);
  });
});

it.each([
  ["bob@example.org", "compatible", []],
  ["carol@example.org", "modern", ["--modern", "--key", "rsa"]],
] as const)(
  "what ca client writes for %s (%s) is read by OpenSSL, NSS and Java, and is good for logging in",
  async (who, form, more) => {
    const made = await host.mailcert(["ca", "client", who, "--out", "/srv/clients", "--json", ...more]);
    expect(made.status, made.stderr).toBe(0);
    const { file, password } = JSON.parse(made.stdout) as { file: string; password: { file: string } };
    const opened = await host.must(`openssl pkcs12 -in ${file} -passin file:${password.file} -nodes -info 2>&1`);
    expect(opened).toContain(form === "modern" ? "AES-256-CBC" : "3-KeyTripleDES-CBC");
    const nss = "/srv/nss-client";
    await host.must(`rm -rf ${nss} && mkdir ${nss} && certutil -N -d sql:${nss} --empty-password`);
    await host.must(`pk12util -i ${file} -d sql:${nss} -w ${password.file} -K ""`);
    await host.must(`certutil -A -d sql:${nss} -n root -t CT,, -i ${folder}/ca.crt`);
    expect(await host.must(`certutil -V -d sql:${nss} -n ${who} -u C`)).toContain("certificate is valid");
    const listed = await host.must(
      `${jvm}/keytool -list -keystore ${file} -storetype PKCS12 -storepass:file ${password.file}`,
    );
    expect(listed).toMatch(new RegExp(`${who}, .*PrivateKeyEntry`));
  },
);

describe("the signed profile", () => {
  const verified = async (command: "cms" | "smime") =>
    host.must(
      `openssl ${command} -verify -binary -inform DER -in ${folder}/ca.mobileconfig -CAfile ${folder}/ca.crt -purpose any -out /srv/profile 2>&1`,
    );
  const plist =
    "import plistlib;p=plistlib.load(open('/srv/profile','rb'));print(p['PayloadType'],p['PayloadContent'][0]['PayloadContent'].hex())";

  it.each([
    ["live", "rsaEncryption"],
    [`${own}/ecdsa/combined.pem`, "ecdsa-with-SHA256"],
  ])("by %s is verified by OpenSSL up to the root, and is the profile that was there before", async (from, kind) => {
    const document = await bundle("--out", folder, "--sign-profile", from);
    expect(profileOf(document)).toMatchObject({ change: "written", signed: true });
    expect(document.signer?.title).toBe("mail.example.org");
    for (const command of ["cms", "smime"] as const) expect(await verified(command)).toMatch(/Verification successful/);
    const root = (
      await host.must(`openssl x509 -in ${folder}/ca.crt -outform DER | od -An -v -tx1 | tr -d ' \\n'`)
    ).trim();
    expect((await host.must(["python3", "-c", plist])).trim()).toBe(`Configuration ${root}`);
    expect(await host.must(`openssl cms -cmsout -print -noout -inform DER -in ${folder}/ca.mobileconfig`)).toContain(
      `algorithm: ${kind}`,
    );
    const again = await bundle("--out", folder, "--sign-profile", from);
    expect(again.files.map(({ change }) => change)).not.toContain("written");
    const stranger = `openssl cms -verify -inform DER -in ${folder}/ca.mobileconfig -purpose any -CApath /etc/ssl/certs`;
    expect((await host.exec(stranger)).status).not.toBe(0);
  });

  it("a key that others may read signs nothing, and is not shown", async () => {
    await host.must(`cp ${own}/rsa/combined.pem /srv/loose.pem && chmod 644 /srv/loose.pem`);
    const said = await host.mailcert(["bundle", "--out", folder, "--sign-profile", "/srv/loose.pem"]);
    expect(said.status).toBe(78);
    expect(said.stderr).toContain("chmod 600 /srv/loose.pem");
    expect(said.stdout + said.stderr).not.toContain("PRIVATE KEY-----");
  });

  it("with sign_profile: live a renewal signs again, with the new certificate", async () => {
    const config = "/etc/mailcert/mailcert.yaml";
    await host.write(config, (await host.read(config)).replace(/^( *)bundle: .*$/m, "$&\n$1sign_profile: live"));
    // The next run that has nothing to do finds that the folder is not as the configuration wants it.
    await host.must(["mailcert", "renew"]);
    const before = await bundle();
    expect(profileOf(before)).toMatchObject({ change: "unchanged", signed: true });
    await host.must(["mailcert", "renew", "--force"]);
    const after = await bundle();
    expect(profileOf(after)).toMatchObject({ change: "unchanged", signed: true });
    expect(after.signer?.sha256).not.toBe(before.signer?.sha256);
    const rsa = await host.must(`openssl x509 -in ${own}/rsa/cert.pem -noout -fingerprint -sha256`);
    expect(rsa.split("=")[1]?.replaceAll(":", "").trim().toLowerCase()).toBe(after.signer?.sha256);
    expect(await verified("cms")).toMatch(/successful/);
  });
});

it("the commands of the page of bundles", async () => {
  const printed = [...(await runPage(host, "bundles.md", { where: folder, instead: asHere })).values()];
  expect(printed[0]).toContain("subject=");
  expect(printed.at(-1)).toContain("Verification successful");
});

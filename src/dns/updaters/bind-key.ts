// A key file as tsig-keygen and BIND write it: key "NAME" { algorithm hmac-sha256; secret "BASE64"; };

export interface KeyStatement {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
}

/** The first key statement of the text; undefined where there is none that is whole. */
export const readKeyStatement = (text: string): KeyStatement | undefined => {
  // What is in quotes is no comment: base64 may hold "//".
  const comments = /("[^"]*")|\/\*[\s\S]*?\*\/|(?:\/\/|#).*$/gm;
  const bare = text.replaceAll(comments, (_whole, quoted: string | undefined) => quoted ?? " ");
  const [, name, body = ""] = /\bkey\s+"?([^\s"{;]+)"?\s*\{([^}]*)\}/.exec(bare) ?? [];
  const algorithm = /\balgorithm\s+"?([\w.-]+)"?\s*;/.exec(body)?.[1];
  const secret = /\bsecret\s+"?([A-Za-z0-9+/=]+)"?\s*;/.exec(body)?.[1];
  return name === undefined || algorithm === undefined || secret === undefined
    ? undefined
    : { name, algorithm, secret };
};

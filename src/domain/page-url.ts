// The address at which a bundle's folder is published: where a phone's camera leads (`bundle_url`, --url).
import { clean } from "./text.ts";

/** Short enough for a QR code that a phone reads from a screen. */
const longest = 300;

/** One form for each address, in ASCII: a folder ends in a slash, so that its links lead into it. `problem`: a phrase that goes after the quoted text. */
export const pageUrl = (text: string): { readonly url: string } | { readonly problem: string } => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return { problem: "is not a URL" };
  // Fingerprints that anybody on the way can change are worth nothing.
  if (url.protocol !== "https:")
    return { problem: "is not an https URL: what people trust must not be changed on its way" };
  if (url.username !== "" || url.password !== "") return { problem: "has a user name or password in it" };
  if (url.hash !== "" || url.search !== "") return { problem: "has a ? or # in it" };
  if (!/\/[^/]*\.html?$|\/$/.test(url.pathname)) url.pathname += "/";
  if (url.href.length > longest) return { problem: `is too long: ${longest} characters are the most` };
  return clean(url.href, longest) === url.href
    ? { url: url.href }
    : { problem: "has characters that cannot be written" };
};

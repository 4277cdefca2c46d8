// A person's certificate as it is asked for: the user name that it stands for, the file that it is handed over in.

/** RFC 5280 appendix A: ub-common-name. */
const mostName = 64;

/** Why `login` cannot be the user name of a certificate: a phrase to go after the quoted text. */
export const loginProblem = (login: string): string | undefined => {
  if (!/^[\x21-\x7e]+$/.test(login)) return "is no user name: letters, digits and signs of ASCII, without spaces";
  if (login.length > mostName) return `is longer than the ${mostName} characters that a certificate has room for`;
  return undefined;
};

/** Two years and a quarter: nobody refuses it, and people are not bothered each year. What is lost is revoked, and our own servers read the list. */
export const clientDays = 825;

/** The nth file of an address: signs that mean something to a shell are not in it. */
export const identityFile = (address: string, nth: number): string => {
  const plain = address.replaceAll(/[^A-Za-z0-9@._+=-]/g, "_").replace(/^-/, "_");
  return `${plain}${nth > 1 ? `-${nth}` : ""}.p12`;
};

// An expression for the browser: the least contrast of WCAG 2 among all texts that are shown, with its words.

export interface Contrast {
  readonly ratio: number;
  readonly words: string;
  readonly texts: number;
}

/** What lies behind a text is the nearest background that is not clear. */
export const leastContrast = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const [red, green, blue] = rgb(text).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (rgb(colour).length === 3) return colour;
      if (rgb(colour)[3] !== 0) throw new Error("half clear: " + colour);
    }
    return getComputedStyle(document.documentElement).colorScheme.startsWith("dark") ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)";
  };
  let least = { ratio: 21, words: "", texts: 0 };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.textContent.trim() === "" || !element.checkVisibility()) continue;
    const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((left, right) => right - left);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    least = { ...(ratio < least.ratio ? { ratio, words: node.textContent.trim().slice(0, 60) } : least), texts: least.texts + 1 };
  }
  return least;
})()`;

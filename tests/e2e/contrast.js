// Every text on the page whose contrast against its ground is under WCAG AA (4.5, or 3 for large text).
() => {
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const parsed = (colour) => (colour.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], ground) => [r, g, b].map((v, i) => v * a + ground[i] * (1 - a));
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(parsed(getComputedStyle(one).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [0, 0, 0]);
  };
  const bad = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const words = texts.currentNode.textContent.trim();
    if (!words || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("script, template, svg, .visually-hidden, .skip, [disabled], .layer.none, option")) continue;
    const style = getComputedStyle(element);
    const under = ground(element);
    const [one, other] = [light(over(parsed(style.color), under)), light(under)].sort((x, y) => y - x);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < (isLarge ? 3 : 4.5)) bad.push(`${contrast.toFixed(2)} ${style.color}: ${words.slice(0, 40)}`);
  }
  return bad;
}

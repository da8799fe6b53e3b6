/** Our tokens as colours a canvas understands: the browser settles light or dark when it computes them. */
export function colours() {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const settle = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    accent: settle('--accent'),
    quiet: settle('--text-quiet'),
    strong: settle('--text-strong'),
    line: settle('--line'),
    earlier: settle('--line-strong'),
    shade: settle('--surface-0'),
    float: settle('--surface-float'),
  };
  probe.remove();
  return found;
}

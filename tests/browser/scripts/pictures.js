// Text stays inside its picture, off the points, and off other text.
(least) => {
  const said = [];
  const meet = (a, b, by) => a.x + by < b.x + b.width && b.x + by < a.x + a.width && a.y + by < b.y + b.height && b.y + by < a.y + a.height;
  for (const svg of document.querySelectorAll('svg')) {
    if (!svg.checkVisibility() || !svg.viewBox.baseVal.width) continue;
    const box = svg.viewBox.baseVal, name = (svg.getAttribute('aria-label') || '').slice(0, 50);
    const scale = svg.getScreenCTM().a;
    const texts = [...svg.querySelectorAll('text')].map(el => [el, el.getBBox()]);
    const points = [...svg.querySelectorAll('circle, path.worse:not(.stream), path.neither')].map(el => el.getBBox());
    texts.forEach(([el, b], i) => {
      if (b.x < box.x - 0.5 || b.y < box.y - 0.5 || b.x + b.width > box.x + box.width + 0.5 || b.y + b.height > box.y + box.height + 0.5)
        said.push(`${name}: "${el.textContent}" leaves the picture`);
      const px = parseFloat(getComputedStyle(el).fontSize) * scale;
      if (px < least - 0.05) said.push(`letters in ${svg.getAttribute('class')} are ${px.toFixed(1)} px high`);
      for (const p of points) if (meet(b, p, 1)) { said.push(`${name}: "${el.textContent}" covers a point`); break; }
      for (const [other, o] of texts.slice(i + 1)) if (meet(b, o, 3)) said.push(`${name}: "${el.textContent}" covers "${other.textContent}"`);
    });
  }
  return [...new Set(said)];
}

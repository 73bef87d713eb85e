// What a finger must hit is 24 px both ways, links within a sentence apart (WCAG 2.5.8).
() => {
  const said = [];
  for (const el of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')) {
    if (!el.checkVisibility() || el.matches('.skip')) continue;
    const r = el.getBoundingClientRect();
    const around = el.closest('p, dd, li, figcaption');
    const sentence = around && around.textContent.trim() !== el.textContent.trim() && getComputedStyle(el).display === 'inline';
    if (!sentence && (r.width < 24 || r.height < 24)) said.push(`${el.tagName} "${el.textContent.trim().slice(0, 30)}" ${r.width.toFixed(0)} x ${r.height.toFixed(0)}`);
  }
  return said;
}

// Everything the Tab key should reach, in the order of the document.
() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
  .filter(el => el.checkVisibility() && !el.disabled)
  .map((el, i) => (el.setAttribute('data-stop', i), i))

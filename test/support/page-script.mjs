// Runs in the browser, so it is plain JavaScript and names nothing outside of its functions.

/** What is wrong with the page that is shown, one line each. */
export function findFaults() {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const show = (element) => element.outerHTML.replaceAll(/\s+/g, ' ').slice(0, 120);
  const textOf = (ids) =>
    ids.map((id) => document.getElementById(id)?.textContent?.trim() ?? '').join('');
  const nameOf = (element) =>
    element.getAttribute('aria-label')?.trim() ||
    textOf(element.getAttribute('aria-labelledby')?.split(/\s+/) ?? []) ||
    [...(element.labels ?? [])].map((label) => label.textContent.trim()).join('') ||
    (element.matches('a, button, summary') && element.textContent.trim()) ||
    [...element.querySelectorAll('img[alt]')].map(({ alt }) => alt).join('');
  const ids = all('[id]').map(({ id }) => id);
  const references = ['for', 'form', 'aria-labelledby', 'aria-describedby', 'aria-controls'];
  const root = document.documentElement;
  const headings = all('h1').length;
  const sideways = root.scrollWidth - root.clientWidth;
  return [
    ...(headings === 1 ? [] : [`${headings} h1, expected one`]),
    ...(root.lang ? [] : ['no lang']),
    ...(document.title.trim() ? [] : ['no title']),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `the id ${id} twice`),
    ...all('img:not([alt])').map((element) => `no alt text: ${show(element)}`),
    ...all('svg:not([aria-hidden="true"], [role="img"][aria-label])').map(
      (element) => `a drawing neither named nor hidden: ${show(element)}`,
    ),
    ...all('a, button, summary, select, textarea, input:not([type="hidden"])')
      .filter((element) => !nameOf(element))
      .map((element) => `no label or name: ${show(element)}`),
    ...references.flatMap((attribute) =>
      all(`[${attribute}]`)
        .filter((element) =>
          element
            .getAttribute(attribute)
            .split(/\s+/)
            .some((id) => !ids.includes(id)),
        )
        .map((element) => `${attribute} refers to nothing: ${show(element)}`),
    ),
    ...(sideways > 0 ? [`${sideways} px wider than its ${root.clientWidth} px window`] : []),
  ];
}

/** Whether `target` has the focus, and why whatever has it cannot be seen to, if it cannot. */
export function describeFocus(target) {
  const focused = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  const { top, bottom, left, right } = focused.getBoundingClientRect();
  const inSight =
    bottom > 0 && top < innerHeight && right > 0 && left < innerWidth && right - left > 1;
  const ringed = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
  // From the last element the focus goes to the window itself, which draws no ring.
  const fault =
    focused === document.body || (inSight && ringed)
      ? ''
      : `${inSight ? 'no ring around' : 'out of sight'}: ${focused.outerHTML.slice(0, 120)}`;
  return { there: focused === target, fault };
}

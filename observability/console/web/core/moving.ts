/**
 * Lets elements be moved by taking them out and putting them in again. Preact moves them with
 * `moveBefore` where there is one, and Chromium then goes on drawing what is below a moved element
 * by classes that it no longer has: a node that broke would not be shown as broken.
 */
export function moveByInserting(): void {
  Reflect.deleteProperty(Element.prototype, 'moveBefore');
}

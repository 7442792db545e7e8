import { colourNumbers } from './model/shown-trace.ts';

/** As many as traces.css has. */
const COLOURS = 12;

/** The class that colours what is of a service, by the service's name. */
export function colourClasses(services: readonly string[]): (service: string) => string {
  const numbers = colourNumbers(services, COLOURS);
  return (service) => `trace-svc-${numbers.get(service) ?? 0}`;
}

/** The colours themselves, for what is drawn without elements. */
export function colourValues(services: readonly string[]): (service: string) => string {
  const classes = colourClasses(services);
  const values = new Map(services.map((service) => [service, colourOf(classes(service))]));
  return (service) => values.get(service) ?? 'gray';
}

/** As it is computed for an element: the style sheet's own text may depend on the theme. */
function colourOf(name: string): string {
  const probe = document.createElement('i');
  probe.className = `trace-swatch ${name}`;
  document.body.append(probe);
  const { backgroundColor } = getComputedStyle(probe);
  probe.remove();
  return backgroundColor;
}

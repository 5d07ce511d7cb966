import { labelName } from '@kube-eagle/profile';
import type { Container } from './container-source.ts';

/** Labels of the series of a container, by its id; none where nobody has named it. */
export type LabelsOfContainer = (id: string) => readonly (readonly [name: string, value: string])[];

/** What Compose calls the service that a container is of. */
const COMPOSE_SERVICE = 'com.docker.compose.service';

/**
 * What a container's series are called by: its service (of Compose, else its own name), its name, image,
 * pod and namespace, and those of its labels that are chosen, under a name that labels may have.
 */
export function containerLabels(
  { name, image, pod, namespace, labels }: Container,
  chosen: readonly string[],
): ReturnType<LabelsOfContainer> {
  const pairs = [
    // First, so that none of them passes for one of ours.
    ...chosen.map((label) => [labelName(label), labels.get(label) ?? ''] as const),
    ['service_name', labels.get(COMPOSE_SERVICE) || name] as const,
    ['container', name] as const,
    ['image', image] as const,
    ['pod', pod] as const,
    ['namespace', namespace] as const,
  ];
  return pairs.filter(([, value]) => value !== '');
}

/** Seven tenths of the time below one method, three tenths below another: Shares SECONDS. */
class Shares {
    static volatile int sink;

    static void work(int rounds) {
        int value = sink;
        for (int round = 0; round < rounds; round++) value = value * 1664525 + 1013904223;
        sink = value;
    }

    static void spend_seventy() {
        work(7 * 500000);
    }

    static void spend_thirty() {
        work(3 * 500000);
    }

    public static void main(String[] words) {
        long end = System.nanoTime() + Long.parseLong(words[0]) * 1_000_000_000L;
        while (System.nanoTime() < end) {
            spend_seventy();
            spend_thirty();
        }
    }
}

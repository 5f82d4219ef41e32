// Command sensor-gateway reads "time,sensor,temperature,battery" lines from
// standard input and prints an alarm for each sensor that needs somebody.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	last := map[string]Reading{}
	scanner := bufio.NewScanner(os.Stdin)
	for line := 1; scanner.Scan(); line++ {
		reading, err := parse(scanner.Text())
		if err != nil {
			fmt.Fprintf(os.Stderr, "line %d: %v\n", line, err)
			continue
		}
		last[reading.Sensor] = reading
	}
	if err := scanner.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	now := time.Now().UTC()
	for _, reading := range last {
		limits := Limits{LowBattery: 2.7}
		if strings.HasPrefix(reading.Sensor, "roaster-") {
			limits = Roastery
		}
		if alarm, ok := Judge(reading, limits, now); ok {
			fmt.Println(alarm)
		}
	}
}

func parse(line string) (Reading, error) {
	fields := strings.Split(line, ",")
	if len(fields) != 4 {
		return Reading{}, fmt.Errorf("want 4 fields, got %d", len(fields))
	}
	at, err := time.Parse(time.RFC3339, fields[0])
	if err != nil {
		return Reading{}, err
	}
	temperature, err := strconv.ParseFloat(fields[2], 64)
	if err != nil {
		return Reading{}, err
	}
	battery, err := strconv.ParseFloat(fields[3], 64)
	if err != nil {
		return Reading{}, err
	}
	return Reading{At: at, Sensor: fields[1], Temperature: temperature, Battery: battery}, nil
}

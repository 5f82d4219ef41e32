package main

import (
	"fmt"
	"time"
)

// MaxSilence is how long a sensor may say nothing before that is an alarm: one
// missed reading is radio, two are not.
const MaxSilence = 45 * time.Minute

// Reading is what a sensor says every half hour.
type Reading struct {
	At          time.Time
	Sensor      string
	Temperature float64
	Battery     float64
}

// Limits of a room; the zero value of a limit means that there is none.
type Limits struct {
	Warm, Hot  float64
	LowBattery float64
}

// Roastery is where a number on a screen can become a fire.
var Roastery = Limits{Warm: 35, Hot: 40, LowBattery: 2.7}

// Alarm is something that rings a telephone.
type Alarm struct {
	Sensor string
	Reason string
	Urgent bool
}

func (a Alarm) String() string {
	return fmt.Sprintf("%s: %s", a.Sensor, a.Reason)
}

// Judge looks at the last reading of a sensor. Age comes first: an old value
// says nothing about now, however good it looks.
func Judge(last Reading, limits Limits, now time.Time) (Alarm, bool) {
	switch {
	case now.Sub(last.At) > MaxSilence:
		reason := fmt.Sprintf("silent since %s", last.At.Format("15:04"))
		return Alarm{last.Sensor, reason, true}, true
	case limits.Hot > 0 && last.Temperature >= limits.Hot:
		return Alarm{last.Sensor, fmt.Sprintf("hot: %.1f °C", last.Temperature), true}, true
	case limits.Warm > 0 && last.Temperature >= limits.Warm:
		return Alarm{last.Sensor, fmt.Sprintf("warm: %.1f °C", last.Temperature), false}, true
	case limits.LowBattery > 0 && last.Battery < limits.LowBattery:
		return Alarm{last.Sensor, fmt.Sprintf("battery: %.2f V", last.Battery), false}, true
	}
	return Alarm{}, false
}

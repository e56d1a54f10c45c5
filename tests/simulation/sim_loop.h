#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/loop.h"
#include "tests/simulation/sim_scheduler.h"

namespace quire::simulation {

// Something that holds tasks of a process outside its loop and has to forget them with it.
class Mortal {
 public:
  // The process was killed. Called once at most.
  virtual void OnKill() = 0;

 protected:
  ~Mortal() = default;
};

// One process of the simulated world, as its code sees it: a loop. Its posted tasks run in order,
// each as a turn of its own. A restarted process is a new SimLoop.
class SimLoop final : public common::Loop {
 public:
  SimLoop(SimScheduler& scheduler, std::string name);
  ~SimLoop() override;
  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;

  common::TimePoint Now() const override { return scheduler_.Now(); }
  void Post(common::Task task) override;
  TimerId After(common::Duration delay, common::Task task) override;
  void Cancel(TimerId id) override { scheduler_.Cancel(id); }

  // kill -9: nothing of the process ever runs again; its tasks are destroyed before this returns.
  // The objects of the process are then destroyed by whoever made them. May be called from a task
  // of the process itself, which ends normally.
  void Kill();
  bool alive() const { return alive_; }

  // SIGSTOP, or a long pause of a virtual machine: nothing runs for so long, then everything that
  // became due. The clock goes on.
  void Pause(common::Duration duration);
  // Nothing of the process runs before this.
  common::TimePoint runs_at() const { return runs_at_; }
  bool paused() const { return runs_at_ > scheduler_.Now(); }

  void Attach(Mortal& mortal) { mortals_.push_back(&mortal); }
  void Detach(Mortal& mortal) { std::erase(mortals_, &mortal); }

  SimScheduler& scheduler() { return scheduler_; }
  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }

 private:
  friend class SimScheduler;

  void RunPosted();
  void WakeLater();

  SimScheduler& scheduler_;
  const std::string name_;
  const std::uint32_t id_;
  bool alive_ = true;
  common::TimePoint runs_at_;
  std::vector<common::Task> posted_;  // from first_ on
  std::size_t first_ = 0;
  std::vector<Mortal*> mortals_;
};

}  // namespace quire::simulation
